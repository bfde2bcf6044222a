#define _GNU_SOURCE
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/progress_line.h"

int cli_fail(const char *what, const char *why, const char *advice) {
    char *text = NULL;
    int size = asprintf(&text, "gordian: %s%s%s\n%s%s%s", what, why ? ": " : "", why ? why : "",
                        advice ? "  " : "", advice ? advice : "", advice ? "\n" : "");
    if (size >= 0) {
        progress_line_clear();
        /* One write, so that the lines stay together among the program's own. */
        output_send(2, text, (size_t)size);
        free(text);
    }
    return CLI_FAILED;
}

int cli_fail_errno(int error, const char *advice, const char *what, ...) {
    char *text = NULL;
    va_list arguments;
    va_start(arguments, what);
    int size = vasprintf(&text, what, arguments);
    va_end(arguments);
    cli_fail(size < 0 ? "no memory left" : text, strerror(error < 0 ? -error : error), advice);
    if (size >= 0)
        free(text);
    return CLI_FAILED;
}
