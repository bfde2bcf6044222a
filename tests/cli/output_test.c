/* cli/output.c: what is asked for is written, or told. */
#define _GNU_SOURCE
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/cli/scratch.h"

static char *content(const char *path) {
    static char text[65536];
    FILE *file = fopen(path, "re");
    size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[size] = '\0';
    if (file)
        fclose(file);
    return file ? text : NULL;
}

TEST(options_are_taken) {
    struct output_options options = OUTPUT_DEFAULTS;
    int status = -1;
    CHECK_EQ(options.exit_code, 66);
    CHECK(output_option(&options, OUTPUT_FORMAT + OUTPUT_JSON, "a", &status));
    CHECK(output_option(&options, OUTPUT_FORMAT + OUTPUT_TEXT, "b", &status));
    CHECK(output_option(&options, OUTPUT_OUT, "c", &status));
    CHECK(output_option(&options, OUTPUT_FULL, NULL, &status));
    CHECK(output_option(&options, OUTPUT_EXIT_CODE, "3", &status));
    CHECK_EQ(status, 0);
    CHECK_STR(options.files[OUTPUT_JSON], "a");
    CHECK_STR(options.files[OUTPUT_TEXT], "b");
    CHECK_STR(options.out, "c");
    CHECK(options.full);
    CHECK_EQ(options.exit_code, 3);
    CHECK(!output_option(&options, 'h', NULL, &status));
    scratch_stderr_begin();
    CHECK(output_option(&options, OUTPUT_EXIT_CODE, "many", &status));
    scratch_stderr_end();
    CHECK_EQ(status, CLI_FAILED);
    CHECK_EQ(options.exit_code, 3);
}

TEST(nothing_asked_for_writes_nothing) {
    struct output_options options = OUTPUT_DEFAULTS;
    struct output *output = output_open(&options);
    struct report *report = report_create();
    scratch_stderr_begin();
    CHECK_EQ(output_write(output, report), 0);
    CHECK_STR(scratch_stderr_end(), "");
    CHECK_EQ(output_status(&options, report), 0);
    report_free(report);
    output_close(output);
    output_close(NULL);
}

TEST(files_are_emptied_first_and_written_at_the_end) {
    const char *json = scratch_text("old.json", "an old report\n", 0600);
    struct output_options options = {.files[OUTPUT_JSON] = json, .out = scratch_path("made/on/the/way")};
    struct output *output = output_open(&options);
    struct report *report = report_create();
    CHECK_STR(content(json), "");
    CHECK_EQ(output_write(output, report), 0);
    CHECK(strstr(content(json), "\"gordian-report/1\"") != NULL);
    CHECK(strstr(content(scratch_path("made/on/the/way/report.json")), "\"gordian-report/1\"") != NULL);
    CHECK(strstr(content(scratch_path("made/on/the/way/report.txt")), "gordian") != NULL);
    report_free(report);
    output_close(output);
}

TEST(a_full_disk_is_told_and_the_report_goes_to_stderr) {
    struct output_options options = {.files[OUTPUT_JSON] = "/dev/full"};
    struct output *output = output_open(&options);
    struct report *report = report_create();
    scratch_stderr_begin();
    CHECK_EQ(output_write(output, report), CLI_FAILED);
    const char *told = scratch_stderr_end();
    static const char line[] = "gordian: cannot write /dev/full: No space left on device\n";
    CHECK(strncmp(told, line, sizeof line - 1) == 0);
    CHECK(strstr(told, "no lock event was seen") != NULL);
    report_free(report);
    output_close(output);
}

TEST(paths_that_cannot_be_written) {
    static const struct {
        struct output_options options;
        const char *told;
    } cases[] = {
        {{.files[OUTPUT_JSON] = "/no/dir/x"}, "gordian: cannot write /no/dir/x: No such file or directory\n"},
        {{.files[OUTPUT_TEXT] = "/"}, "gordian: cannot write /: Is a directory\n"},
        {{.out = "/dev/null/x"}, "gordian: cannot make the directory /dev/null/x: Not a directory\n"},
        {{.out = "/dev/null"}, "gordian: cannot make the directory /dev/null: Not a directory\n"},
        {{.files[OUTPUT_JSON] = "-", .files[OUTPUT_TEXT] = "-"},
         "gordian: --json and --text: both name the same output\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scratch_stderr_begin();
        struct output *output = output_open(&cases[i].options);
        CHECK_STR(scratch_stderr_end(), cases[i].told);
        CHECK(!output);
    }
}

static void *drain(void *fd) {
    char bytes[4096];
    size_t total = 0;
    ssize_t n;
    while ((n = read(*(int *)fd, bytes, sizeof bytes)) > 0)
        total += (size_t)n;
    return (void *)total;
}

TEST(send_waits_for_a_slow_reader_in_non_blocking_mode) {
    static char text[1 << 20];
    int ends[2];
    CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
    CHECK_EQ(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    pthread_t reader;
    void *total;
    pthread_create(&reader, NULL, drain, &ends[0]);
    CHECK_EQ(output_send(ends[1], text, sizeof text), 0);
    close(ends[1]);
    pthread_join(reader, &total);
    CHECK_EQ((size_t)total, sizeof text);
    close(ends[0]);
}

TEST(send_tells_of_a_closed_pipe) {
    int ends[2];
    CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    CHECK_EQ(output_send(ends[1], "x", 1), -EPIPE);
    close(ends[1]);
}

CHECK_MAIN
