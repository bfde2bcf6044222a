#include "cli/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"

const char inputs_advice[] =
    "recordings are the files gordian.*.rec that `gordian run --out DIR` or GORDIAN_OPTIONS=dir=DIR "
    "leaves in DIR";

static int read_recording(struct report *report, const char *path) {
    char error[256];
    int status = report_update(report, path, error, sizeof error);
    return status < 0 ? cli_fail(path, error, status == -EINVAL ? inputs_advice : NULL) : 0;
}

static int is_recording(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".rec") == 0;
}

/* Read all recordings of a directory, in the order of their names. */
static int read_directory(struct report *report, const char *path, bool lenient) {
    struct dirent **entries;
    int count = scandir(path, &entries, is_recording, alphasort), status = 0;
    if (count < 0)
        return cli_fail_errno(errno, NULL, "%s", path);
    if (!count)
        status = cli_fail(path, "no recording (*.rec) is in this directory", inputs_advice);
    for (int i = 0; i < count; i++) {
        size_t size = strlen(path) + strlen(entries[i]->d_name) + 2;
        char *name = malloc(size);
        if (name && (!status || lenient)) {
            snprintf(name, size, "%s/%s", path, entries[i]->d_name);
            status = read_recording(report, name);
        }
        free(name);
        free(entries[i]);
    }
    free(entries);
    return status;
}

int inputs_read(struct report *report, int count, const char *const *paths, bool lenient) {
    int status = 0;
    for (int i = 0; i < count && (!status || lenient); i++) {
        struct stat about;
        bool directory = stat(paths[i], &about) == 0 && S_ISDIR(about.st_mode);
        status = directory ? read_directory(report, paths[i], lenient) : read_recording(report, paths[i]);
    }
    return lenient && report_processes(report) ? 0 : status;
}
