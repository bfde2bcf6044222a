/* A detached thread outlives what it works on: the connection is given back while its logger still writes to
 * it.
 *
 * The logger was detached, so nobody can wait for its end. The main thread gives the connection's record back
 * to the table, the next connection gets it, and the logger's bytes are counted there. With malloc and free
 * it would be a use after free; with a table of our own the stray write always lands in the next connection.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race connections
 * EXPECT exit: 1
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
    connection->bytes = 0; /* REPORTED */
    return connection;
}

static void close_connection(struct connection *connection) {
    connection->open = false;
}

static void *log_traffic(void *argument) {
    struct connection *connection = argument;
    schedule_linger(REUSED);
    connection->bytes += 512; /* REPORTED */
    schedule_reach(LOGGED);
    return NULL;
}

int main(void) {
    pthread_t logger;
    struct connection *first = open_connection();
    pthread_create(&logger, NULL, log_traffic, first);
    pthread_detach(logger);
    close_connection(first);
    struct connection *second = open_connection();
    schedule_reach(REUSED);
    schedule_wait(LOGGED);
    long bytes = second->bytes;
    printf("bytes of a connection without traffic: %ld\n", bytes);
    return bytes == 0 ? 0 : 1;
}
