/* A forged recording, through everything that reads one: the report with its text and JSON, the live view,
 * and the search between processes. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reports/live.h"
#include "reports/memory.h"
#include "reports/report.h"
#include "reports/report_json.h"
#include "reports/report_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static FILE *sink;
    char path[32], error[256];
    int fd = memfd_create("recording", MFD_CLOEXEC);
    if (!sink)
        sink = fopen("/dev/null", "w");
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct report *report = report_create();
    if (report_update(report, path, error, sizeof error) == 0) {
        const struct report_style style = {.colour = true, .full = size % 2, .width = 80};
        report_update(report, path, error, sizeof error);
        report_text_write(report, &style, sink);
        report_json_write(report, sink);
    }
    report_free(report);
    struct live *live;
    if (live_read(path, &live, error, sizeof error) == 0) {
        struct memory_pool pool = {0};
        for (size_t i = 0; i < live->count; i++)
            live_wait_text(&pool, &live->threads[i]);
        memory_pool_free(&pool);
        live_free(live);
    }
    close(fd);
    return 0;
}
