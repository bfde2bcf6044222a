/* A new thread uses a handle that its creator has not set yet.
 *
 * The creator starts the event thread first and stores the session afterwards. The new thread is at work
 * before that, and what it finds is NULL. Creating a thread orders what came before it, not what comes after.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race session
 * EXPECT exit: 1
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
    struct session *used = session; /* REPORTED */
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
    pthread_create(&events, NULL, handle_events, NULL);
    schedule_linger(USED);
    session = &opened; /* REPORTED */
    pthread_join(events, NULL);
    if (would_crash)
        puts("no session yet, a crash");
    return would_crash ? 1 : 0;
}
