/* A detached thread outlives what it works on, fixed: the logger is joined before the record is given back.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 416
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { REUSED, LOGGED };

struct connection {
    bool open;
    long bytes;
};

static struct connection connections[4];

static struct connection *open_connection(void) {
    struct connection *connection = connections;
    while (connection->open)
        connection++;
    connection->open = true;
    connection->bytes = 0;
    return connection;
}

static void close_connection(struct connection *connection) {
    connection->open = false;
}

static void *log_traffic(void *argument) {
    struct connection *connection = argument;
    schedule_linger(REUSED);
    connection->bytes += 512;
    schedule_reach(LOGGED);
    return NULL;
}

int main(void) {
    pthread_t logger;
    struct connection *first = open_connection();
    pthread_create(&logger, NULL, log_traffic, first);
    pthread_join(logger, NULL);
    close_connection(first);
    struct connection *second = open_connection();
    schedule_reach(REUSED);
    schedule_wait(LOGGED);
    long bytes = second->bytes;
    printf("bytes of a connection without traffic: %ld\n", bytes);
    return bytes == 0 ? 0 : 1;
}
