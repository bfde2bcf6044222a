/* gordian import: the findings of other tools, from the files that they wrote. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/filters.h"
#include "cli/options.h"
#include "cli/output.h"
#include "reports/foreign.h"
#include "reports/report.h"
#include "reports/tsan_text.h"
#include "reports/valgrind_xml.h"

#define PIECE (1u << 16)
/* The program's output may stand before the first report. */
#define LOOK_AHEAD (64u << 20)

static const char advice[] =
    "it reads ThreadSanitizer's text (log_path, or a program's output) and what Helgrind and DRD write with "
    "--xml=yes --xml-file=FILE";

/* A file that is read. */
struct import {
    struct report *report;
    const char *path;
    size_t found; /* reports in it */
};

/* Returns OPTIONS_END when the operands follow, or an exit status. */
static int parse(struct output_options *options, struct filter **filter, int argc, char **argv) {
    int key, status;
    while ((key = options_next_anywhere(argc, argv, &command_import)) != OPTIONS_END) {
        if (key == OPTIONS_WRONG)
            return CLI_FAILED;
        if (key == OPTIONS_HELP)
            return commands_help(&command_import);
        if ((output_option(options, key, optarg, &status) || filters_option(filter, key, optarg, &status)) &&
            status)
            return status;
    }
    if (optind == argc)
        return cli_fail("import", "no file is given", advice);
    if (!output_any(options))
        options->files[OUTPUT_TEXT] = "-";
    return OPTIONS_END;
}

static void remark(const struct import *import, const char *what) {
    char line[512];
    snprintf(line, sizeof line, "%s: %s", import->path, what);
    report_add_remark(import->report, line);
}

static void take(void *context, const struct foreign_report *foreign) {
    struct import *import = context;
    import->found++;
    report_add_foreign(import->report, foreign);
    if (foreign->cut && !foreign->remark)
        remark(import, "a report in it is cut off, or beyond the bounds of what is read");
}

static int read_xml(struct import *import, FILE *file) {
    const struct foreign_sink sink = {take, import};
    struct valgrind_xml *xml = valgrind_xml_open(&sink);
    char error[256];
    int status = 0;
    for (bool last = false; !last && !status;) {
        char bytes[PIECE];
        size_t size = fread(bytes, 1, sizeof bytes, file);
        last = size < sizeof bytes;
        if (ferror(file)) {
            status = cli_fail_errno(errno ? errno : EIO, NULL, "cannot read %s", import->path);
        } else if (valgrind_xml_read(xml, bytes, size, last, error, sizeof error) < 0) {
            /* What stands before the damage counts: a program that is killed leaves such a file. */
            if (import->found)
                remark(import, error);
            else
                status = cli_fail(import->path, error, NULL);
            break;
        }
    }
    valgrind_xml_close(xml);
    return status;
}

static int read_text(struct import *import, FILE *file, size_t size) {
    const struct foreign_sink sink = {take, import};
    void *text = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fileno(file), 0) : MAP_FAILED;
    if (text == MAP_FAILED)
        return cli_fail_errno(errno, NULL, "cannot read %s", import->path);
    tsan_text_read(text, size, true, &sink);
    munmap(text, size);
    return 0;
}

/* Whether the file has a report of ThreadSanitizer's, looking no further than LOOK_AHEAD. */
static bool is_text(FILE *file, size_t size) {
    size_t head = size < LOOK_AHEAD ? size : LOOK_AHEAD;
    void *text = head ? mmap(NULL, head, PROT_READ, MAP_PRIVATE, fileno(file), 0) : MAP_FAILED;
    bool is = text != MAP_FAILED && tsan_text_is(text, head);
    if (text != MAP_FAILED)
        munmap(text, head);
    return is;
}

static int read_file(struct report *report, const char *path) {
    struct import import = {report, path, 0};
    char head[4096];
    struct stat about;
    FILE *file = fopen(path, "re");
    if (!file || fstat(fileno(file), &about) < 0) {
        int error = errno;
        if (file)
            fclose(file);
        return cli_fail_errno(error, NULL, "%s", path);
    }
    int status = 0;
    ssize_t size = S_ISDIR(about.st_mode) ? 0 : pread(fileno(file), head, sizeof head, 0);
    if (!S_ISREG(about.st_mode))
        status = cli_fail(path, "it is no regular file", advice);
    else if (!size)
        status = cli_fail(path, "it is empty", advice);
    else if (size > 0 && valgrind_xml_is(head, (size_t)size))
        status = read_xml(&import, file);
    else if (is_text(file, (size_t)about.st_size))
        status = read_text(&import, file, (size_t)about.st_size);
    else
        status = cli_fail(path, "no report of ThreadSanitizer, Helgrind or DRD is in it", advice);
    fclose(file);
    return status;
}

static int call(int argc, char **argv) {
    struct output_options options = OUTPUT_DEFAULTS;
    struct filter *filter = NULL;
    int status = parse(&options, &filter, argc, argv);
    if (status != OPTIONS_END) {
        filter_free(filter);
        return status;
    }
    struct report *report = report_create();
    report_set_imported(report);
    report_set_filter(report, filter);
    struct output *output = NULL;
    status = 0;
    for (int i = optind; i < argc && !status; i++)
        status = read_file(report, argv[i]);
    if (!status && !(output = output_open(&options)))
        status = CLI_FAILED;
    if (!status)
        status = output_write(output, report);
    if (!status)
        status = output_status(&options, report);
    output_close(output);
    report_free(report);
    filter_free(filter);
    return status;
}

const struct command command_import = {
    .name = "import",
    .usage = "[OPTION...] FILE...",
    .summary = "the same from files of ThreadSanitizer, Helgrind or DRD",
    .about =
        "Report what other tools have found, in every format that gordian writes: ThreadSanitizer's text (a "
        "log file, or the output of a program or a CI job that has its reports in it), and the XML of "
        "Helgrind and DRD. The content tells which it is. Without --json and the like, text goes to "
        "standard output.",
    .options = {output_rows, filters_rows},
    .operands = COMMAND_FILE,
    .closing =
        "A program built with -fsanitize=thread needs no import: gordian run reads its reports.\n"
        "Exit status: 66 (or --exit-code) when something of severity error or warning is in them, else "
        "0; 125 when one cannot be read.",
    .examples = {{"gordian import tsan.4711",
                  "after TSAN_OPTIONS=second_deadlock_stack=1:log_path=tsan ./bank"},
                 {"gordian import --json findings.json --text - build.log", "the output of a CI job"},
                 {"gordian import helgrind.xml",
                  "after valgrind --tool=helgrind --xml=yes --xml-file=helgrind.xml ./bank"},
                 {"gordian import drd.xml", "after valgrind --tool=drd --xml=yes --xml-file=drd.xml ./bank"}},
    .call = call,
};
