#define _GNU_SOURCE
#include "reports/coverage.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <threads.h>
#include <unistd.h>

#include "tests/check.h"

/* Referred to, so that this program imports one of each family; never called. */
void *const volatile imported[] = {
    (void *)sem_post, (void *)pthread_rwlock_rdlock, (void *)pthread_spin_lock,  (void *)pthread_once,
    (void *)mtx_lock, (void *)pthread_barrier_wait,  (void *)pthread_mutex_lock, (void *)syscall};

static uint32_t coverage_as(const char *file, const char *path) {
    elf_version(EV_CURRENT);
    int fd = open(file, O_RDONLY);
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    CHECK(elf != NULL);
    uint32_t bits = coverage_of(elf, path);
    elf_end(elf);
    close(fd);
    return bits;
}

static const uint32_t all = (1u << COVERAGE_FAMILIES) - 1, futex = 1u << COVERAGE_FUTEX;

TEST(a_programs_own_code_is_taken_at_its_word) {
    CHECK_EQ(coverage_as("/proc/self/exe", "/home/me/bank"), all);
}

TEST(a_system_module_uses_syscall_for_much_else) {
    CHECK_EQ(coverage_as("/proc/self/exe", "/usr/bin/bank"), all & ~futex);
    CHECK_EQ(coverage_as("/proc/self/exe", "/usr/lib/libglib-2.0.so.0"), all);
}

TEST(the_runtimes_of_every_program_do_not_count) {
    static const char *const paths[] = {"/usr/lib/libc.so.6", "/lib64/ld-linux-x86-64.so.2",
                                        "/opt/libgordian.so", "/usr/lib/libstdc++.so.6", "[vdso]"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        CHECK_EQ(coverage_as("/proc/self/exe", paths[i]), 0);
}

TEST(a_program_without_locks_uses_none) {
    CHECK_EQ(coverage_as("/bin/true", "/home/me/true"), 0);
}

TEST(families_are_named_in_the_order_of_the_alphabet) {
    for (int family = 1; family < COVERAGE_FAMILIES; family++)
        CHECK(strcmp(coverage_family_name((enum coverage_family)(family - 1)),
                     coverage_family_name((enum coverage_family)family)) < 0);
}

CHECK_MAIN
