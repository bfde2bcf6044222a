/* gordian diff: which findings are new, gone and kept between two runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/options.h"
#include "detector/recording.h"
#include "reports/baseline.h"
#include "reports/diff.h"
#include "reports/report.h"
#include "reports/report_text.h"

struct choices {
    const char *json; /* file, "-" for stdout; NULL: text on stdout */
    int exit_code;
};

/* Returns OPTIONS_END when two operands follow, or an exit status. */
static int parse(struct choices *choices, int argc, char **argv) {
    enum { JSON = 1, EXIT_CODE };
    static const struct option table[] = {{"json", required_argument, NULL, JSON},
                                          {"exit-code", required_argument, NULL, EXIT_CODE},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int key, status;
    while ((key = options_next_anywhere(argc, argv, table)) != OPTIONS_END) {
        if (key == OPTIONS_WRONG)
            return CLI_FAILED;
        if (key == 'h')
            return cli_help(2, (char *[]){"help", "diff", NULL});
        if (key == JSON)
            choices->json = optarg;
        else if ((status = options_number("--exit-code", optarg, 0, 255, &choices->exit_code)) != 0)
            return status;
    }
    if (argc - optind != 2)
        return cli_fail("diff",
                        argc - optind < 2 ? "two reports are needed" : "more than two reports are given",
                        "for example: gordian diff before.json after.json");
    return OPTIONS_END;
}

/* Whether the path is a recording, or a directory, which should hold some. */
static bool holds_recordings(const char *path) {
    struct stat about;
    char start[sizeof RECORDING_MAGIC] = "";
    if (stat(path, &about) < 0)
        return false;
    if (S_ISDIR(about.st_mode))
        return true;
    int fd = S_ISREG(about.st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    bool whole = fd >= 0 && read(fd, start, sizeof start) == (ssize_t)sizeof start;
    if (fd >= 0)
        close(fd);
    return whole && memcmp(start, RECORDING_MAGIC, sizeof start) == 0;
}

static int read_recordings(struct baseline *side, const char *path) {
    struct report *report = report_create();
    int status = inputs_read(report, path);
    if (!status) {
        report_cross_surely(report);
        baseline_add_report(side, report);
    }
    report_free(report);
    return status;
}

static int read_side(struct baseline *side, const char *path) {
    char error[256];
    if (holds_recordings(path))
        return read_recordings(side, path);
    if (baseline_read_file(side, path, error, sizeof error) == 0)
        return 0;
    return cli_fail(path, error, "gordian diff takes reports that --json wrote, and recordings");
}

static int cannot_write(const char *path, int error) {
    return cli_fail_errno(error, NULL, "cannot write %s",
                          !path || strcmp(path, "-") == 0 ? "to standard output" : path);
}

/* Write to where it was asked for: the comparison must not be lost in a full disk unnoticed. */
static int write_diff(const struct choices *choices, const struct diff *diff) {
    bool file = choices->json && strcmp(choices->json, "-") != 0;
    FILE *out = file ? fopen(choices->json, "we") : stdout;
    if (!out)
        return cannot_write(choices->json, errno);
    int error = choices->json ? diff_write_json(diff, out)
                              : diff_write_text(diff, report_style_of(stdout).colour, out);
    if (file && fclose(out) != 0 && !error)
        error = -errno;
    if (error)
        return cannot_write(choices->json, error);
    /* The reader of a build's log sees what the machine sees. */
    return file && (error = diff_write_text(diff, report_style_of(stdout).colour, stdout)) != 0
               ? cannot_write(NULL, error)
               : 0;
}

int cli_diff(int argc, char **argv) {
    struct choices choices = {.exit_code = CLI_FINDINGS};
    int status = parse(&choices, argc, argv);
    if (status != OPTIONS_END)
        return status;
    const char *const *names = (const char *const *)argv + optind;
    struct baseline *before = baseline_create(), *after = baseline_create();
    status = read_side(before, names[0]);
    if (!status)
        status = read_side(after, names[1]);
    struct diff diff = {before, after, names[0], names[1]};
    if (!status)
        status = write_diff(&choices, &diff);
    if (!status && diff_counting(&diff))
        status = choices.exit_code;
    baseline_free(before);
    baseline_free(after);
    return status;
}
