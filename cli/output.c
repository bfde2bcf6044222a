#define _GNU_SOURCE
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/progress_line.h"
#include "reports/report_dot.h"
#include "reports/report_github.h"
#include "reports/report_gitlab.h"
#include "reports/report_html.h"
#include "reports/report_json.h"
#include "reports/report_jsonl.h"
#include "reports/report_junit.h"
#include "reports/report_sarif.h"
#include "reports/report_text.h"

/* What a writer may want to know besides the report. */
struct look {
    FILE *stream;               /* where it goes in the end: a terminal, or not */
    bool full;                  /* do not fold frames */
    struct report_jsonl *lines; /* of a stream: what was written of it already; NULL for other formats */
};

static int write_json(const struct report *report, const struct look *look, FILE *out) {
    (void)look;
    return report_json_write(report, out);
}

static int write_text(const struct report *report, const struct look *look, FILE *out) {
    struct report_style style = report_style_of(look->stream);
    style.full = look->full;
    return report_text_write(report, &style, out);
}

static int write_html(const struct report *report, const struct look *look, FILE *out) {
    (void)look;
    return report_html_write(report, out);
}

static int write_dot(const struct report *report, const struct look *look, FILE *out) {
    (void)look;
    return report_dot_write(report, out);
}

static int write_sarif(const struct report *report, const struct look *look, FILE *out) {
    (void)look;
    return report_sarif_write(report, NULL, out);
}

static int write_junit(const struct report *report, const struct look *look, FILE *out) {
    (void)look;
    return report_junit_write(report, NULL, out);
}

static int write_jsonl(const struct report *report, const struct look *look, FILE *out) {
    return report_jsonl_end(look->lines, report, out);
}

static int write_github(const struct report *report, const struct look *look, FILE *out) {
    (void)look;
    return report_github_write(report, NULL, out);
}

static int write_gitlab(const struct report *report, const struct look *look, FILE *out) {
    (void)look;
    return report_gitlab_write(report, NULL, out);
}

static const struct format {
    const char *option; /* as it is typed */
    const char *file;   /* in the directory of --out */
    int (*write)(const struct report *report, const struct look *look, FILE *out);
} formats[OUTPUT_FORMATS] = {
    [OUTPUT_JSON] = {"--json", "report.json", write_json},
    [OUTPUT_TEXT] = {"--text", "report.txt", write_text},
    [OUTPUT_HTML] = {"--html", "report.html", write_html},
    [OUTPUT_DOT] = {"--dot", "report.dot", write_dot},
    [OUTPUT_SARIF] = {"--sarif", "report.sarif", write_sarif},
    [OUTPUT_JUNIT] = {"--junit", "report.junit.xml", write_junit},
    [OUTPUT_JSONL] = {"--jsonl", "report.jsonl", write_jsonl},
    [OUTPUT_GITHUB] = {"--github", "report.github.txt", write_github},
    [OUTPUT_GITLAB] = {"--gitlab", "report.gitlab.json", write_gitlab},
};

const struct command_option output_rows[] = {
    {"json", "FILE", COMMAND_FILE, OUTPUT_FORMAT + OUTPUT_JSON,
     "write the report as JSON (schema gordian-report/1); - is standard output", NULL},
    {"text", "FILE", COMMAND_FILE, OUTPUT_FORMAT + OUTPUT_TEXT,
     "write the report as text; - is standard output", NULL},
    {"html", "FILE", COMMAND_FILE, OUTPUT_FORMAT + OUTPUT_HTML,
     "write the report as a page: one file, for which no network and no script is needed", NULL},
    {"dot", "FILE", COMMAND_FILE, OUTPUT_FORMAT + OUTPUT_DOT,
     "write the graph of lock orders for graphviz, cycles in red", NULL},
    {"sarif", "FILE", COMMAND_FILE, OUTPUT_FORMAT + OUTPUT_SARIF,
     "write the report as SARIF 2.1.0, for code scanning and editors", NULL},
    {"junit", "FILE", COMMAND_FILE, OUTPUT_FORMAT + OUTPUT_JUNIT,
     "write the report as JUnit XML, for the test reports of Jenkins, GitLab and others", NULL},
    {"jsonl", "FILE", COMMAND_FILE, OUTPUT_FORMAT + OUTPUT_JSONL,
     "write JSON Lines (schema gordian-stream/1): each finding the moment it is made", NULL},
    {"github", "FILE", COMMAND_FILE, OUTPUT_FORMAT + OUTPUT_GITHUB,
     "write annotations for GitHub Actions; - in a step shows them in the pull request", NULL},
    {"gitlab", "FILE", COMMAND_FILE, OUTPUT_FORMAT + OUTPUT_GITLAB, "write a code quality report for GitLab",
     NULL},
    {"out", "DIR", COMMAND_FOLDER, OUTPUT_OUT,
     "keep everything in DIR, made if needed: a report in each format, and the recordings of a run", NULL},
    {"exit-code", "N", COMMAND_NOTHING, OUTPUT_EXIT_CODE,
     "exit status when something was found (default: 66; 0: findings do not change it)", NULL},
    {"full", NULL, COMMAND_NOTHING, OUTPUT_FULL,
     "show every frame of every stack, notes with their stacks, and every lock that was waited for", NULL},
    {"quiet", NULL, COMMAND_NOTHING, OUTPUT_QUIET,
     "nothing on standard error but findings (errors and warnings) and what went wrong: no summary, no "
     "progress",
     NULL},
    {0}};

struct target {
    enum output_format format;
    char *path; /* as errors name it */
    FILE *file; /* unused for writing but for its descriptor: text's style depends on the stream */
    struct report_jsonl *lines; /* NULL unless it is written while the program runs */
    int error;                  /* that this met */
};

struct output {
    struct target targets[2 * OUTPUT_FORMATS]; /* those asked for, and those of --out */
    size_t count;
    bool full;
};

bool output_option(struct output_options *options, int key, const char *value, int *status) {
    *status = 0;
    if (key >= OUTPUT_FORMAT && key < OUTPUT_FORMAT + OUTPUT_FORMATS) {
        options->files[key - OUTPUT_FORMAT] = value;
        return true;
    }
    switch (key) {
    case OUTPUT_OUT:
        options->out = value;
        return true;
    case OUTPUT_EXIT_CODE:
        *status = options_number("--exit-code", value, 0, 255, &options->exit_code);
        return true;
    case OUTPUT_FULL:
        options->full = true;
        return true;
    case OUTPUT_QUIET:
        options->quiet = true;
        return true;
    default:
        return false;
    }
}

bool output_any(const struct output_options *options) {
    for (size_t i = 0; i < OUTPUT_FORMATS; i++)
        if (options->files[i])
            return true;
    return options->out;
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

/* Whether a program or a script is there: the file of an option was forgotten, and what follows was taken for
 * it. */
static bool is_program(const char *path) {
    char head[4] = "";
    struct stat about;
    if (stat(path, &about) < 0 || !S_ISREG(about.st_mode))
        return false;
    FILE *file = fopen(path, "re");
    size_t size = file ? fread(head, 1, sizeof head, file) : 0;
    if (file)
        fclose(file);
    return (size == 4 && memcmp(head, "\177ELF", 4) == 0) || (size >= 2 && memcmp(head, "#!", 2) == 0);
}

/* A report is its owner's alone, since it has the program's names and addresses in it. What is no link is
 * overwritten; a link is not followed, because in a folder that others write to it may lead to the user's own
 * files. The links of the system itself (/dev/stdout) are. */
static FILE *open_file(const char *path) {
    bool of_the_system = strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (of_the_system ? 0 : O_NOFOLLOW), 0600);
    struct stat status;
    if (fd < 0)
        return NULL;
    FILE *file = NULL;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid != geteuid() && !of_the_system)
        errno = EPERM; /* whoever made it can read it */
    else if (!S_ISREG(status.st_mode) || ftruncate(fd, 0) == 0)
        file = fdopen(fd, "w");
    if (!file) {
        int error = errno;
        close(fd);
        errno = error;
    }
    return file;
}

/* Takes over `path`. */
static int open_target(struct output *output, enum output_format format, char *path) {
    if (!path)
        return cli_fail("no memory left", NULL, NULL);
    struct target *target = &output->targets[output->count++];
    *target = (struct target){.format = format, .path = path};
    if (format == OUTPUT_JSONL)
        target->lines = report_jsonl_create();
    if (strcmp(path, "-") == 0)
        target->file = stdout;
    else if (is_program(path))
        return cli_fail(path, "it is a program, and a report is not written over one",
                        "was the file of the report forgotten? for example: --json report.json");
    else
        target->file = open_file(path);
    return target->file ? 0 : cannot_write(path, errno);
}

static char *path_in(const char *directory, const char *name) {
    char *path;
    return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

/* Returns whether two formats name the same output, which was told then. */
static bool names_one_twice(const struct output_options *options) {
    for (size_t i = 0; i < OUTPUT_FORMATS; i++)
        for (size_t j = i + 1; options->files[i] && j < OUTPUT_FORMATS; j++)
            if (options->files[j] && strcmp(options->files[i], options->files[j]) == 0) {
                char what[64];
                snprintf(what, sizeof what, "%s and %s", formats[i].option, formats[j].option);
                cli_fail(what, "both name the same output", NULL);
                return true;
            }
    return false;
}

struct output *output_open(const struct output_options *options) {
    if (names_one_twice(options))
        return NULL;
    struct output *output = calloc(1, sizeof *output);
    if (!output) {
        cli_fail("no memory left", NULL, NULL);
        return NULL;
    }
    output->full = options->full;
    int status = 0;
    if (options->out)
        status = make_directory(options->out);
    for (enum output_format i = 0; i < OUTPUT_FORMATS; i++) {
        if (!status && options->files[i])
            status = open_target(output, i, strdup(options->files[i]));
        if (!status && options->out)
            status = open_target(output, i, path_in(options->out, formats[i].file));
    }
    if (status) {
        output_close(output);
        return NULL;
    }
    return output;
}

/* Format the report in memory, then write it: what fails is then one known call. */
static int write_as(const struct report *report, const struct look *look,
                    int (*write)(const struct report *report, const struct look *look, FILE *out)) {
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return -errno;
    int error = write(report, look, memory);
    if (fclose(memory) != 0 && !error)
        error = -ENOMEM;
    progress_line_clear(); /* it may be the same terminal */
    if (!error)
        error = output_send(fileno(look->stream), text, size);
    free(text);
    return error;
}

static int follow_jsonl(const struct report *report, const struct look *look, FILE *out) {
    return report_jsonl_follow(look->lines, report, out);
}

void output_follow(struct output *output, const struct report *report) {
    for (size_t i = 0; i < output->count; i++) {
        struct target *target = &output->targets[i];
        if (target->lines && !target->error)
            target->error = write_as(report, &(struct look){.stream = target->file, .lines = target->lines},
                                     follow_jsonl);
    }
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
        struct look look = {target->file, output->full, target->lines};
        int error = target->error ? target->error : write_as(report, &look, formats[target->format].write);
        int at_close = close_target(target); /* network file systems and quotas tell it only here */
        if (error || at_close)
            status = cannot_write(target->path, error ? error : at_close);
    }
    if (status)
        write_as(report, &(struct look){.stream = stderr, .full = output->full}, write_text);
    return status;
}

void output_close(struct output *output) {
    if (!output)
        return;
    for (size_t i = 0; i < output->count; i++) {
        close_target(&output->targets[i]);
        report_jsonl_free(output->targets[i].lines);
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
