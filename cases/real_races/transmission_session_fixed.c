/* A new thread uses a handle, fixed: the creator sets it before it starts the thread.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 456
 * Source: Transmission 1.42, handle used by a new thread before it is set
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "cases/schedule.h"

struct session {
    int peer_limit;
};

enum { USED };

static struct session *session;
static bool would_crash;

static void *handle_events(void *unused) {
    struct session *used = session;
    if (used == NULL)
        would_crash = true;
    else
        printf("up to %d peers\n", used->peer_limit);
    schedule_reach(USED);
    return unused;
}

int main(void) {
    static struct session opened = {.peer_limit = 60};
    pthread_t events;
    session = &opened;
    pthread_create(&events, NULL, handle_events, NULL);
    schedule_linger(USED);
    pthread_join(events, NULL);
    if (would_crash)
        puts("no session yet, a crash");
    return would_crash ? 1 : 0;
}
