/* A barrier for nobody: one worker for every four rows, and only three rows.
 *
 * The division rounds down to no worker at all. A barrier of none cannot be made: pthread_barrier_init fails
 * with EINVAL, at which nobody looks, and the rows stay as they were. ThreadSanitizer does not check for it.
 *
 * EXPECT gordian: misuse.bad_barrier rows_done
 * EXPECT tsan: none
 * EXPECT exit: 1
 * CWE: 252
 */
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

enum { ROWS = 3, ROWS_PER_WORKER = 4, WORKERS_MAX = 8 };

static pthread_barrier_t rows_done;
static int rows[ROWS], workers;

static void *double_rows(void *argument) {
    int worker = *(int *)argument;
    for (int i = worker; i < ROWS; i += workers)
        rows[i] *= 2;
    pthread_barrier_wait(&rows_done);
    return NULL;
}

static int sum_of_rows(void) {
    int sum = 0;
    for (int i = 0; i < ROWS; i++)
        sum += rows[i];
    return sum;
}

int main(void) {
    pthread_t threads[WORKERS_MAX];
    int numbers[WORKERS_MAX];
    for (int i = 0; i < ROWS; i++)
        rows[i] = 1;
    workers = ROWS / ROWS_PER_WORKER;
    pthread_barrier_init(&rows_done, NULL, workers); /* REPORTED */
    for (int i = 0; i < workers; i++) {
        numbers[i] = i;
        pthread_create(&threads[i], NULL, double_rows, &numbers[i]);
    }
    for (int i = 0; i < workers; i++)
        pthread_join(threads[i], NULL);
    printf("sum of the doubled rows: %d\n", sum_of_rows());
    return sum_of_rows() == 2 * ROWS ? 0 : 1;
}
