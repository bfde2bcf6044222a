/* A thread uses the program's options before another one has made them.
 *
 * The crawler makes the options when it starts, and the progress display reads them from a global. Nothing
 * makes the display wait. It is the faster one here, and the options are still NULL.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race options
 * EXPECT exit: 1
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

static const struct options *options;
static bool would_crash;

static void *crawl(void *unused) {
    static const struct options defaults = {.max_depth = 9};
    schedule_linger(DISPLAYED);
    options = &defaults; /* REPORTED */
    return unused;
}

static void *display_progress(void *unused) {
    const struct options *shown = options; /* REPORTED */
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
