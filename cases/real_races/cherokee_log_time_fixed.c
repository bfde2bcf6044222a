/* The time of day is formatted once for all, fixed: the request copies the text under the lock. It waits
 * until the clock has written the whole of it.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 820
 * Source: Cherokee 0.9.2, shared buffer of the formatted time
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "cases/schedule.h"

enum { HOUR_WRITTEN, LOGGED };

static pthread_mutex_t time_lock = PTHREAD_MUTEX_INITIALIZER;
static char time_text[] = "09:59:59";
static char log_line[sizeof time_text];

static void *clock_tick(void *unused) {
    static const char next[] = "10:00:00";
    pthread_mutex_lock(&time_lock);
    for (size_t i = 0; i < sizeof next; i++) {
        time_text[i] = next[i];
        if (next[i] == ':') {
            schedule_reach(HOUR_WRITTEN);
            schedule_linger(LOGGED);
        }
    }
    pthread_mutex_unlock(&time_lock);
    return unused;
}

static void *log_request(void *unused) {
    schedule_wait(HOUR_WRITTEN);
    pthread_mutex_lock(&time_lock);
    memcpy(log_line, time_text, sizeof time_text);
    pthread_mutex_unlock(&time_lock);
    schedule_reach(LOGGED);
    return unused;
}

int main(void) {
    pthread_t ticking, logging;
    pthread_create(&ticking, NULL, clock_tick, NULL);
    pthread_create(&logging, NULL, log_request, NULL);
    pthread_join(ticking, NULL);
    pthread_join(logging, NULL);
    printf("%s GET /\n", log_line);
    return strcmp(log_line, "09:59:59") == 0 || strcmp(log_line, "10:00:00") == 0 ? 0 : 1;
}
