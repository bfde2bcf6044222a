/* The time of day is formatted once for all into a shared buffer, and a log line gets half of the old time.
 *
 * A server formats the time once a second, not once a request. The clock thread writes the new text over the
 * old one, hour first. A request copies the text without the lock, between the hour and the minutes. Its log
 * line says 10:59:59, an hour ahead of the old time as of the new.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race time_text
 * EXPECT exit: 1
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
        time_text[i] = next[i]; /* REPORTED */
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
    memcpy(log_line, time_text, sizeof time_text); /* REPORTED */
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
