/* A barrier that nobody completes: three parties are counted, and one of them gives up before it.
 *
 * The third worker finds its part empty and returns early, past the barrier. The two others wait for a third
 * that does not come. ThreadSanitizer does not watch threads that wait, so it hangs in silence.
 *
 * EXPECT gordian: hang.all_blocked parts_sorted
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 */
#include <pthread.h>
#include <stddef.h>

enum { WORKERS = 3 };

static pthread_barrier_t parts_sorted;
static int sizes[WORKERS] = {200, 100, 0};
static int sorted[WORKERS], seen[WORKERS];

static void *sort_part(void *argument) {
    long part = (long)argument;
    if (sizes[part] == 0)
        return NULL;
    sorted[part] = sizes[part];
    pthread_barrier_wait(&parts_sorted); /* REPORTED */
    for (int other = 0; other < WORKERS; other++)
        seen[part] += sorted[other];
    return NULL;
}

int main(void) {
    pthread_t workers[WORKERS];
    pthread_barrier_init(&parts_sorted, NULL, WORKERS);
    for (long part = 0; part < WORKERS; part++)
        pthread_create(&workers[part], NULL, sort_part, (void *)part);
    for (int part = 0; part < WORKERS; part++)
        pthread_join(workers[part], NULL); /* REPORTED */
    pthread_barrier_destroy(&parts_sorted);
    return seen[0] == 300 ? 0 : 1;
}
