/* Two lines in one, fixed: the stream stays locked for the whole line. Its lock is recursive, so the calls in
 * between may take it again.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 366
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases/schedule.h"

enum { DISK_NAMED, FAN_NAMED };

static FILE *log_stream;

static void log_line(const char *part, const char *state, int named, int other_named) {
    flockfile(log_stream);
    fputs(part, log_stream);
    schedule_reach(named);
    schedule_linger(other_named);
    fputs(state, log_stream);
    funlockfile(log_stream);
}

static void *watch_disk(void *unused) {
    log_line("disk ", "is full\n", DISK_NAMED, FAN_NAMED);
    return unused;
}

static void *watch_fan(void *unused) {
    log_line("fan ", "runs\n", FAN_NAMED, DISK_NAMED);
    return unused;
}

int main(void) {
    char *text = NULL;
    size_t length = 0;
    log_stream = open_memstream(&text, &length);
    if (!log_stream)
        abort();
    pthread_t disk_watcher, fan_watcher;
    pthread_create(&disk_watcher, NULL, watch_disk, NULL);
    pthread_create(&fan_watcher, NULL, watch_fan, NULL);
    pthread_join(disk_watcher, NULL);
    pthread_join(fan_watcher, NULL);
    fclose(log_stream);
    fputs(text, stdout);
    bool whole = strstr(text, "disk is full\n") && strstr(text, "fan runs\n");
    free(text);
    return whole ? 0 : 1;
}
