/* One pair of locks for each connection, fixed: they are allocated when it is opened and freed when it is
 * closed. malloc hands out the same memory again, so the second connection's locks have the addresses of the
 * first one's, but they are others, and each connection knows one order.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <stdlib.h>

#include "cases/schedule.h"

enum { FIRST_OPEN, RECEIVED, SECOND_OPEN };

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER; /* of `current` and `users` */
static struct connection {
    pthread_mutex_t *input_lock, *output_lock;
} current;
static int users, bytes;

static pthread_mutex_t *new_lock(void) {
    pthread_mutex_t *lock = malloc(sizeof *lock);
    pthread_mutex_init(lock, NULL);
    return lock;
}

static void free_lock(pthread_mutex_t *lock) {
    pthread_mutex_destroy(lock);
    free(lock);
}

static void open_connection(void) {
    pthread_mutex_lock(&table_lock);
    current.input_lock = new_lock();
    current.output_lock = new_lock();
    pthread_mutex_unlock(&table_lock);
}

static void close_connection(void) {
    pthread_mutex_lock(&table_lock);
    free_lock(current.output_lock);
    free_lock(current.input_lock);
    current = (struct connection){NULL, NULL};
    pthread_mutex_unlock(&table_lock);
}

/* Begin (change 1) or end (change -1) to use the current connection. */
static struct connection use(int change) {
    pthread_mutex_lock(&table_lock);
    struct connection connection = current;
    users += change;
    pthread_mutex_unlock(&table_lock);
    return connection;
}

static void *receive(void *unused) {
    schedule_wait(FIRST_OPEN);
    struct connection connection = use(1);
    pthread_mutex_lock(connection.input_lock);
    pthread_mutex_lock(connection.output_lock);
    bytes = 1;
    pthread_mutex_unlock(connection.output_lock);
    pthread_mutex_unlock(connection.input_lock);
    use(-1);
    schedule_reach(RECEIVED);
    return unused;
}

static void *answer(void *unused) {
    schedule_wait(SECOND_OPEN);
    struct connection connection = use(1);
    pthread_mutex_lock(connection.output_lock);
    pthread_mutex_lock(connection.input_lock);
    bytes = 2;
    pthread_mutex_unlock(connection.input_lock);
    pthread_mutex_unlock(connection.output_lock);
    use(-1);
    return unused;
}

int main(void) {
    pthread_t receiver, answerer;
    pthread_create(&receiver, NULL, receive, NULL);
    pthread_create(&answerer, NULL, answer, NULL);
    open_connection();
    schedule_reach(FIRST_OPEN);
    schedule_wait(RECEIVED);
    close_connection();
    open_connection();
    schedule_reach(SECOND_OPEN);
    pthread_join(receiver, NULL);
    pthread_join(answerer, NULL);
    close_connection();
    return users == 0 && bytes == 2 ? 0 : 1;
}
