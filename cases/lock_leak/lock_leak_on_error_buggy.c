/* A forgotten unlock: on an error the function returns early and leaves the lock taken.
 *
 * The worker meets an empty line, returns and ends. Nobody is left to give the lock back, so the next one to
 * take it waits for ever. ThreadSanitizer does not watch threads that wait, so it hangs in silence.
 *
 * EXPECT gordian: deadlock.actual shape=orphaned log_lock
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 667
 */
#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static size_t lines_written;

static int write_line(const char *line) {
    pthread_mutex_lock(&log_lock); /* REPORTED */
    if (line[0] == '\0')
        return -1;
    lines_written++;
    pthread_mutex_unlock(&log_lock);
    return 0;
}

static void *worker(void *unused) {
    write_line("");
    return unused;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, worker, NULL);
    pthread_join(thread, NULL);
    write_line("the worker is done");
    return lines_written == 1 ? 0 : 1;
}
