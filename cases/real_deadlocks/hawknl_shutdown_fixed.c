/* HawkNL: closing one socket against shutting the library down, fixed: the close takes the list's lock
 * first, as the shutdown does.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 * Source: HawkNL, nlClose against nlShutdown
 */
#include <pthread.h>
#include <stdbool.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, CLOSED };

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t socket_lock = PTHREAD_MUTEX_INITIALIZER;
static int sockets = 1;         /* under list_lock */
static bool socket_open = true; /* under socket_lock */

static void close_socket(void) {
    pthread_mutex_lock(&list_lock);
    pthread_mutex_lock(&socket_lock);
    if (socket_open)
        sockets--;
    socket_open = false;
    pthread_mutex_unlock(&list_lock);
    pthread_mutex_unlock(&socket_lock);
}

static void shut_down(void) {
    pthread_mutex_lock(&list_lock);
    pthread_mutex_lock(&socket_lock);
    if (socket_open)
        sockets--;
    socket_open = false;
    pthread_mutex_unlock(&socket_lock);
    pthread_mutex_unlock(&list_lock);
}

static void *play(void *unused) {
    schedule_wait(BOTH_EXIST);
    close_socket();
    schedule_reach(CLOSED);
    return unused;
}

static void *quit(void *unused) {
    schedule_wait(CLOSED);
    shut_down();
    return unused;
}

int main(void) {
    pthread_t player, quitter;
    pthread_create(&player, NULL, play, NULL);
    pthread_create(&quitter, NULL, quit, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(player, NULL);
    pthread_join(quitter, NULL);
    return sockets;
}
