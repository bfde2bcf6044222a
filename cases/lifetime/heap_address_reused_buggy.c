/* One pair of locks for all connections: to save two allocations, every connection uses the same two.
 *
 * On the first connection the input is locked before the output, on the second the output before the input.
 * They are two connections, one after the other, but the locks live on and meet both orders.
 *
 * EXPECT gordian: deadlock.potential input_lock output_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>
#include <stdlib.h>

#include "cases/schedule.h"

enum { FIRST_OPEN, RECEIVED, SECOND_OPEN };

static pthread_mutex_t input_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t output_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER; /* of `current` and `users` */
static struct connection {
    pthread_mutex_t *input_lock, *output_lock;
} current;
static int users, bytes;

static void open_connection(void) {
    pthread_mutex_lock(&table_lock);
    current = (struct connection){&input_lock, &output_lock};
    pthread_mutex_unlock(&table_lock);
}

static void close_connection(void) {
    pthread_mutex_lock(&table_lock);
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
    pthread_mutex_lock(connection.input_lock);  /* REPORTED */
    pthread_mutex_lock(connection.output_lock); /* REPORTED */
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
    pthread_mutex_lock(connection.output_lock); /* REPORTED */
    pthread_mutex_lock(connection.input_lock);  /* REPORTED */
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
