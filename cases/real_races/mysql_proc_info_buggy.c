/* A pointer is checked, then used, and in between another thread sets it to NULL.
 *
 * A connection says in proc_info what it is busy with, NULL when with nothing. The list of connections reads
 * it twice: to see whether there is a text, and to print it. The connection finishes in between, and the list
 * would follow NULL.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race proc_info
 * EXPECT exit: 1
 * CWE: 367
 * Source: MySQL bug 3596
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { CHECKED, FINISHED };

static const char *proc_info = "sorting"; /* points to constants only, so a text is never freed */
static bool would_crash;

static void *finish_query(void *unused) {
    schedule_wait(CHECKED);
    proc_info = NULL; /* REPORTED */
    schedule_reach(FINISHED);
    return unused;
}

static void *list_connections(void *unused) {
    if (proc_info == NULL) /* REPORTED */
        return unused;
    schedule_reach(CHECKED);
    schedule_linger(FINISHED);
    const char *text = proc_info;
    would_crash = text == NULL;
    printf("connection 1: %s\n", would_crash ? "NULL, a crash" : text);
    return unused;
}

int main(void) {
    pthread_t connection, list;
    pthread_create(&connection, NULL, finish_query, NULL);
    pthread_create(&list, NULL, list_connections, NULL);
    pthread_join(connection, NULL);
    pthread_join(list, NULL);
    return would_crash ? 1 : 0;
}
