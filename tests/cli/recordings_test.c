/* cli/recordings.c: which files are of the run, when they are read, and what is left of them. */
#include "cli/recordings.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "detector/recording.h"
#include "tests/check.h"
#include "tests/cli/scratch.h"

/* A recording of process `pid` without facts, whose header counts `findings`. */
static void put(const char *name, uint32_t pid, uint64_t findings) {
    static char page[RECORDING_HEADER_SIZE];
    struct recording_header header = {.magic = RECORDING_MAGIC,
                                      .version = RECORDING_VERSION,
                                      .pid = pid,
                                      .state = RECORDING_LIVE,
                                      .size = RECORDING_HEADER_SIZE,
                                      .findings = findings};
    memcpy(page, &header, sizeof header);
    scratch_file(name, page, sizeof page, 0600);
}

static struct recordings *open_in(const char *name) {
    mkdir(scratch_path(name), 0755);
    setenv("TMPDIR", scratch_dir(), 1);
    return recordings_open(scratch_path(name));
}

TEST(the_private_directory_is_private_and_goes) {
    setenv("TMPDIR", scratch_dir(), 1);
    struct recordings *r = recordings_open(NULL);
    struct stat status;
    char path[4096];
    snprintf(path, sizeof path, "%s", recordings_private_dir(r));
    CHECK_STR(recordings_dir(r), path);
    CHECK_EQ(stat(path, &status), 0);
    CHECK_EQ(status.st_mode & 0777, 0700);
    CHECK_EQ(stat(recordings_notify(r), &status), 0);
    CHECK(S_ISFIFO(status.st_mode));
    recordings_close(r, false);
    CHECK_EQ(stat(path, &status), -1);
    CHECK_EQ(errno, ENOENT);

    r = recordings_open(NULL);
    snprintf(path, sizeof path, "%s", recordings_private_dir(r));
    recordings_close(r, true);
    CHECK_EQ(stat(path, &status), 0);
    CHECK_EQ(rmdir(path), 0); /* it is empty: the FIFO is gone */
}

TEST(a_byte_in_the_fifo_is_heard_once) {
    struct recordings *r = recordings_open(NULL);
    char byte;
    int fd = open(recordings_notify(r), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    CHECK_EQ(write(fd, "aa", 2), 2);
    close(fd);
    recordings_hear(r);
    CHECK_EQ(read(recordings_descriptor(r), &byte, 1), -1);
    CHECK_EQ(errno, EAGAIN); /* neither news nor an end of file */
    recordings_close(r, false);
}

TEST(files_that_were_there_before_are_left_alone) {
    mkdir(scratch_path("old"), 0755);
    put("old/gordian.5.0.rec", 5, 0);
    scratch_text("old/gordian.6.0.rec", "not a recording", 0600);
    struct recordings *r = open_in("old");
    struct report *report = report_create();
    put("old/gordian.5.1.rec", 5, 0);
    put("old/gordian.10.0.rec", 10, 0);
    put("old/gordian.9.0.rec", 9, 0);
    put("old/other.rec", 11, 0);
    scratch_stderr_begin();
    recordings_finish(r, report);
    CHECK_STR(scratch_stderr_end(), "");
    CHECK_EQ(report_processes(report), 3);
    static const uint32_t pids[] = {5, 9, 10}; /* numbers count as numbers */
    for (size_t i = 0; i < 3 && i < report_processes(report); i++)
        CHECK_EQ(report_process(report, i)->pid, pids[i]);
    report_free(report);
    recordings_close(r, false);
    CHECK_EQ(access(scratch_path("old/gordian.5.1.rec"), F_OK), 0); /* a named directory is kept */
}

TEST(only_files_with_new_findings_are_followed) {
    struct recordings *r = open_in("follow");
    struct report *report = report_create();
    put("follow/gordian.1.0.rec", 1, 0);
    recordings_follow(r, report);
    CHECK_EQ(report_processes(report), 0);
    put("follow/gordian.2.0.rec", 2, 1);
    recordings_follow(r, report);
    CHECK_EQ(report_processes(report), 1);
    CHECK_EQ(report_process(report, 0)->pid, 2);
    CHECK_EQ(recordings_count(r), 2);
    recordings_finish(r, report);
    CHECK_EQ(report_processes(report), 2);
    report_free(report);
    recordings_close(r, false);
}

TEST(a_file_that_is_no_recording_is_told_at_the_end) {
    struct recordings *r = open_in("bad");
    struct report *report = report_create();
    scratch_text("bad/gordian.7.0.rec", "no recording", 0600);
    scratch_stderr_begin();
    recordings_follow(r, report);
    CHECK_STR(scratch_stderr_end(), "");
    scratch_stderr_begin();
    recordings_finish(r, report);
    const char *told = scratch_stderr_end();
    CHECK(strstr(told, "gordian.7.0.rec: ") != NULL);
    CHECK(strchr(told, '\n') == told + strlen(told) - 1);
    report_free(report);
    recordings_close(r, false);
}

TEST(directories_that_cannot_be_used) {
    scratch_stderr_begin();
    struct recordings *r = recordings_open("/no/such/dir");
    CHECK_STR(scratch_stderr_end(), "gordian: cannot record in /no/such/dir: No such file or directory\n");
    CHECK(!r);
    setenv("TMPDIR", "/no/such/tmp", 1);
    scratch_stderr_begin();
    r = recordings_open(NULL);
    CHECK_STR(scratch_stderr_end(),
              "gordian: cannot make a directory in /no/such/tmp: No such file or directory\n"
              "  set TMPDIR to a directory that can be written\n");
    CHECK(!r);
    setenv("TMPDIR", scratch_dir(), 1);
}

CHECK_MAIN
