#define _GNU_SOURCE
#include "cli/output.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/options.h"
#include "reports/report_json.h"
#include "reports/report_text.h"

enum format { FORMAT_JSON, FORMAT_TEXT };

struct target {
    enum format format;
    char *path; /* as errors name it */
    FILE *file; /* unused for writing but for its descriptor: text's style depends on the stream */
};

struct output {
    struct target targets[4]; /* --json, --text, and the two of --out */
    size_t count;
    bool full;
};

bool output_option(struct output_options *options, int key, const char *value, int *status) {
    *status = 0;
    switch (key) {
    case OUTPUT_JSON:
        options->json = value;
        return true;
    case OUTPUT_TEXT:
        options->text = value;
        return true;
    case OUTPUT_OUT:
        options->out = value;
        return true;
    case OUTPUT_EXIT_CODE:
        *status = options_number("--exit-code", value, 0, 255, &options->exit_code);
        return true;
    case OUTPUT_FULL:
        options->full = true;
        return true;
    default:
        return false;
    }
}

int output_send(int fd, const char *text, size_t size) {
    while (size) {
        ssize_t n = write(fd, text, size);
        if (n > 0) {
            text += n;
            size -= (size_t)n;
        } else if (n == 0) {
            return -EIO;
        } else if (errno == EAGAIN) {
            /* The program may have set the terminal or pipe that it shares with us to non-blocking. */
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

static int cannot_write(const char *path, int error) {
    return cli_fail_errno(error, NULL, "cannot write %s",
                          strcmp(path, "-") == 0 ? "to standard output" : path);
}

/* Make a directory and those above it. */
static int make_directory(const char *path) {
    char *copy = strdup(path);
    int error = copy ? 0 : ENOMEM;
    for (char *at = copy; !error && at;) {
        at = strchr(at + 1, '/');
        if (at)
            *at = '\0';
        if (mkdir(copy, 0777) < 0 && errno != EEXIST)
            error = errno;
        if (at)
            *at = '/';
    }
    free(copy);
    struct stat status;
    if (!error && stat(path, &status) < 0)
        error = errno;
    if (!error && !S_ISDIR(status.st_mode))
        error = ENOTDIR;
    return error ? cli_fail_errno(error, NULL, "cannot make the directory %s", path) : 0;
}

/* Takes over `path`. */
static int open_target(struct output *output, enum format format, char *path) {
    if (!path)
        return cli_fail("no memory left", NULL, NULL);
    struct target *target = &output->targets[output->count++];
    *target = (struct target){.format = format, .path = path};
    if (strcmp(path, "-") == 0)
        target->file = stdout;
    else
        target->file = fopen(path, "we");
    return target->file ? 0 : cannot_write(path, errno);
}

static char *path_in(const char *directory, const char *name) {
    char *path;
    return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

struct output *output_open(const struct output_options *options) {
    if (options->json && options->text && strcmp(options->json, options->text) == 0) {
        cli_fail("--json and --text", "both name the same output", NULL);
        return NULL;
    }
    struct output *output = calloc(1, sizeof *output);
    if (!output) {
        cli_fail("no memory left", NULL, NULL);
        return NULL;
    }
    output->full = options->full;
    int status = 0;
    if (options->out)
        status = make_directory(options->out);
    if (!status && options->json)
        status = open_target(output, FORMAT_JSON, strdup(options->json));
    if (!status && options->text)
        status = open_target(output, FORMAT_TEXT, strdup(options->text));
    if (!status && options->out)
        status = open_target(output, FORMAT_JSON, path_in(options->out, "report.json"));
    if (!status && options->out)
        status = open_target(output, FORMAT_TEXT, path_in(options->out, "report.txt"));
    if (status) {
        output_close(output);
        return NULL;
    }
    return output;
}

/* Format the report in memory, then write it: what fails is then one known call. */
static int write_as(enum format format, bool full, FILE *stream, const struct report *report) {
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return -errno;
    int error;
    if (format == FORMAT_JSON) {
        error = report_json_write(report, memory);
    } else {
        struct report_style style = report_style_of(stream);
        style.full = full;
        error = report_text_write(report, &style, memory);
    }
    if (fclose(memory) != 0 && !error)
        error = -ENOMEM;
    if (!error)
        error = output_send(fileno(stream), text, size);
    free(text);
    return error;
}

static int close_target(struct target *target) {
    int error = 0;
    if (target->file && target->file != stdout && fclose(target->file) != 0)
        error = -errno;
    target->file = NULL;
    return error;
}

int output_write(struct output *output, const struct report *report) {
    int status = 0;
    for (size_t i = 0; i < output->count; i++) {
        struct target *target = &output->targets[i];
        int error = write_as(target->format, output->full, target->file, report);
        int at_close = close_target(target); /* network file systems and quotas tell it only here */
        if (error || at_close)
            status = cannot_write(target->path, error ? error : at_close);
    }
    if (status)
        write_as(FORMAT_TEXT, output->full, stderr, report);
    return status;
}

void output_close(struct output *output) {
    if (!output)
        return;
    for (size_t i = 0; i < output->count; i++) {
        close_target(&output->targets[i]);
        free(output->targets[i].path);
    }
    free(output);
}

int output_status(const struct output_options *options, const struct report *report) {
    for (size_t i = 0; i < report_findings(report); i++)
        if (report_counts(report_finding(report, i)))
            return options->exit_code;
    return 0;
}
