#define _GNU_SOURCE
#include "reports/coverage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"

/* Referred to, so that this program imports it; never called. */
void *const volatile imported = (void *)syscall;

static bool has_futexes(const char *file, const char *path) {
    elf_version(EV_CURRENT);
    int fd = open(file, O_RDONLY);
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    CHECK(elf != NULL);
    bool has = coverage_has_futexes(elf, path);
    elf_end(elf);
    close(fd);
    return has;
}

TEST(modules_that_build_on_futexes_are_known_by_name_if_they_can_call_them) {
    CHECK(has_futexes("/proc/self/exe", "/usr/lib/libglib-2.0.so.0"));
    CHECK(has_futexes("/proc/self/exe", "/usr/lib/libgomp.so.1"));
    CHECK(has_futexes("/proc/self/exe", "/opt/qt/libQt6Core.so.6"));
    CHECK(!has_futexes("/bin/true", "/usr/lib/libgomp.so.1"));
}

TEST(importing_syscall_alone_says_nothing) {
    CHECK(!has_futexes("/proc/self/exe", "/home/me/bank"));
    CHECK(!has_futexes("/proc/self/exe", "/usr/bin/bank"));
}

TEST(the_runtimes_of_every_program_count_only_when_they_were_seen) {
    static const char *const paths[] = {"/usr/lib/libc.so.6", "/lib64/ld-linux-x86-64.so.2",
                                        "/opt/libgordian.so", "/usr/lib/libstdc++.so.6", "[vdso]"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        CHECK(!has_futexes("/proc/self/exe", paths[i]));
    CHECK(coverage_ignores("/usr/lib/libc.so.6"));
    CHECK(coverage_ignores("/opt/libgordian.so"));
    CHECK(!coverage_ignores("/usr/lib/libstdc++.so.6"));
    CHECK(!coverage_ignores("/home/me/bank"));
}

/* Write a copy of this program whose last "from" is "to": the section names and the compiler's comment stand
 * behind any text of the program itself. Returns its path. */
static const char *marked(const char *from, const char *to) {
    static char path[256];
    const char *directory = getenv("TEST_TMPDIR");
    snprintf(path, sizeof path, "%s/coverage_test.marked", directory ? directory : "/tmp");
    int in = open("/proc/self/exe", O_RDONLY), out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    struct stat status = {0};
    CHECK(in >= 0 && out >= 0 && fstat(in, &status) == 0);
    size_t size = (size_t)status.st_size;
    char *bytes = malloc(size + 1), *last = NULL;
    CHECK_EQ(read(in, bytes, size), size);
    for (char *at = bytes; (at = memmem(at, size - (size_t)(at - bytes), from, strlen(from))) != NULL; at++)
        last = at;
    CHECK(last != NULL);
    if (last)
        memcpy(last, to, strlen(to) + 1);
    CHECK_EQ(write(out, bytes, size), size);
    free(bytes);
    close(in);
    close(out);
    return path;
}

TEST(compilers_leave_their_mark) {
    /* Of the names that are long enough, .gnu.version_r is no section that anything here reads. */
    CHECK(has_futexes(marked(".gnu.version_r", ".go.buildinfo"), "/home/me/gopher"));
    CHECK(has_futexes(marked("GCC: (", "rustc version 1.63.0"), "/home/me/crab"));
}

CHECK_MAIN
