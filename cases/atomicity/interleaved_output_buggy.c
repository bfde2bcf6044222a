/* Two lines in one: each thread writes its line in two pieces, and the pieces mix.
 *
 * The C library locks a stream for each call, so no character is lost and there is no data race. But a line
 * is two calls here, and the other thread's piece comes in between. The program writes into memory and then
 * looks for its own lines.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * EXPECT exit: 1
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
    fputs(part, log_stream);
    schedule_reach(named);
    schedule_linger(other_named);
    fputs(state, log_stream);
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
