/* A forgotten unlock, fixed: there is one way out of the function, and it gives the lock back.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 667
 */
#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static size_t lines_written;

static int write_line(const char *line) {
    int result = -1;
    pthread_mutex_lock(&log_lock);
    if (line[0] == '\0')
        goto out;
    lines_written++;
    result = 0;
out:
    pthread_mutex_unlock(&log_lock);
    return result;
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
