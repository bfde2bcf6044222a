/* A pointer is checked, then used, fixed: the list reads it once, and checks and prints what it has read. The
 * text may be old, but it is there. The pointer is atomic, so the single read does not race with the write.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 367
 * Source: MySQL bug 3596
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { CHECKED, FINISHED };

static const char *_Atomic proc_info = "sorting"; /* points to constants only, so a text is never freed */
static bool would_crash;

static void *finish_query(void *unused) {
    schedule_wait(CHECKED);
    proc_info = NULL;
    schedule_reach(FINISHED);
    return unused;
}

static void *list_connections(void *unused) {
    const char *text = proc_info;
    if (text == NULL)
        return unused;
    schedule_reach(CHECKED);
    schedule_linger(FINISHED);
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
