/* A thread that joins itself: the worker that is done last joins all workers.
 *
 * It ends the program, but first it waits for the end of every worker, itself included. pthread_join sees
 * that this cannot end and fails with EDEADLK, at which nobody looks; other systems wait for ever.
 * ThreadSanitizer does not check for it.
 *
 * EXPECT gordian: misuse.bad_join
 * EXPECT tsan: none
 * EXPECT exit: 1
 * CWE: 833
 */
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "cases/schedule.h"

enum { WORKERS = 2, LAST = WORKERS - 1, ALL_EXIST = 0 };

static pthread_t workers[WORKERS];

static void end_program(void) {
    int failed_joins = 0;
    for (int i = 0; i < WORKERS; i++)
        if (pthread_join(workers[i], NULL) != 0) /* REPORTED */
            failed_joins++;
    printf("failed joins: %d\n", failed_joins);
    exit(failed_joins ? 1 : 0);
}

static void *work(void *argument) {
    schedule_wait(ALL_EXIST);
    if ((long)argument == LAST)
        end_program();
    return NULL;
}

int main(void) {
    for (long i = 0; i < WORKERS; i++)
        pthread_create(&workers[i], NULL, work, (void *)i);
    schedule_reach(ALL_EXIST);
    pause();
}
