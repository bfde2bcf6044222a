/* A thread uses the program's options, fixed: the display waits on a condition until the crawler has made
 * them.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 456
 * Source: HTTrack 3.43.9, global used before it is initialised
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "cases/schedule.h"

struct options {
    int max_depth;
};

enum { DISPLAYED };

static pthread_mutex_t options_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t options_made = PTHREAD_COND_INITIALIZER;
static const struct options *options;
static bool would_crash;

static void *crawl(void *unused) {
    static const struct options defaults = {.max_depth = 9};
    schedule_linger(DISPLAYED);
    pthread_mutex_lock(&options_lock);
    options = &defaults;
    pthread_cond_broadcast(&options_made);
    pthread_mutex_unlock(&options_lock);
    return unused;
}

static void *display_progress(void *unused) {
    pthread_mutex_lock(&options_lock);
    while (options == NULL)
        pthread_cond_wait(&options_made, &options_lock);
    const struct options *shown = options;
    pthread_mutex_unlock(&options_lock);
    if (shown == NULL)
        would_crash = true;
    else
        printf("depth 0 of %d\n", shown->max_depth);
    schedule_reach(DISPLAYED);
    return unused;
}

int main(void) {
    pthread_t crawler, display;
    pthread_create(&crawler, NULL, crawl, NULL);
    pthread_create(&display, NULL, display_progress, NULL);
    pthread_join(crawler, NULL);
    pthread_join(display, NULL);
    if (would_crash)
        puts("no options yet, a crash");
    return would_crash ? 1 : 0;
}
