/* A fork with the lock held: the helper is started inside the critical section, and inherits its lock.
 *
 * The child has a copy of the lock that is locked for ever: the copy that the parent unlocks is another one.
 * The child must never log, and nothing in the code says so.
 *
 * EXPECT gordian: misuse.fork_held log_lock
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases/schedule.h"

enum { HELPED };

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static int lines;

static pid_t start_helper(void) {
    pid_t child = fork(); /* REPORTED */
    if (child == 0)
        _exit(0);
    return child;
}

static void *run_logger(void *unused) {
    schedule_wait(HELPED);
    pthread_mutex_lock(&log_lock);
    lines++;
    pthread_mutex_unlock(&log_lock);
    return unused;
}

int main(void) {
    pthread_t logger;
    int status = 1;
    pthread_create(&logger, NULL, run_logger, NULL);
    pthread_mutex_lock(&log_lock); /* REPORTED */
    lines++;
    waitpid(start_helper(), &status, 0);
    pthread_mutex_unlock(&log_lock);
    schedule_reach(HELPED);
    pthread_join(logger, NULL);
    return status;
}
