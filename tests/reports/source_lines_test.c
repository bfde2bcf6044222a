#include "reports/source_lines.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"

static const char *file_named(const char *name, const char *text) {
    static char path[4096];
    const char *directory = getenv("TEST_TMPDIR");
    snprintf(path, sizeof path, "%s/%s", directory ? directory : "/tmp", name);
    FILE *file = text ? fopen(path, "w") : NULL;
    if (file) {
        fputs(text, file);
        fclose(file);
    }
    return path;
}

static bool is_line(struct source_files *files, const char *path, uint32_t number, const char *expected) {
    struct source_line line;
    return source_files_line(files, path, number, &line) && line.size == strlen(expected) &&
           memcmp(line.text, expected, line.size) == 0;
}

TEST(lines_begin_at_one_and_end_where_the_file_does) {
    struct source_files *files = source_files_create();
    struct source_line line;
    const char *path = file_named("bank.c", "int a;\r\n\nlast");
    CHECK(is_line(files, path, 1, "int a;"));
    CHECK(is_line(files, path, 2, ""));
    CHECK(is_line(files, path, 3, "last"));
    CHECK(!source_files_line(files, path, 0, &line));
    CHECK(!source_files_line(files, path, 4, &line));
    CHECK(!source_files_line(files, path, UINT32_MAX, &line));
    CHECK(source_files_changed(files, path) > 0);
    source_files_free(files);
}

TEST(what_is_no_source_file_is_not_shown) {
    struct source_files *files = source_files_create();
    struct source_line line;
    CHECK(!source_files_line(files, "/etc/passwd", 1, &line));
    CHECK(!source_files_line(files, file_named("secret", "key\n"), 1, &line));
    CHECK(!source_files_line(files, file_named("secret.pem", "key\n"), 1, &line));
    CHECK(!source_files_line(files, "../../etc/passwd.c", 1, &line));
    CHECK(!source_files_line(files, "/nonexistent/bank.c", 1, &line));
    CHECK(!source_files_line(files, "", 1, &line));
    CHECK_EQ(source_files_changed(files, "/nonexistent/bank.c"), 0);
    const char *fifo = file_named("fifo.c", NULL);
    unlink(fifo);
    CHECK_EQ(mkfifo(fifo, 0600), 0);
    CHECK(!source_files_line(files, fifo, 1, &line));
    const char *folder = file_named("folder.c", NULL);
    mkdir(folder, 0700);
    CHECK(!source_files_line(files, folder, 1, &line));
    source_files_free(files);
}

TEST(a_file_is_read_once) {
    struct source_files *files = source_files_create();
    const char *path = file_named("once.py", "before\n");
    CHECK(is_line(files, path, 1, "before"));
    file_named("once.py", "after\n");
    CHECK(is_line(files, path, 1, "before"));
    source_files_free(files);
}

CHECK_MAIN
