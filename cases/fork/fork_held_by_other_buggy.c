/* A fork in the middle: the child inherits a lock that another thread held, but not the thread.
 *
 * The logger is inside its lock when the main thread forks. In the child there is no logger, and nobody to
 * unlock: the child's first line waits for ever. ThreadSanitizer does not watch threads that wait, so it
 * hangs in silence.
 *
 * EXPECT gordian: deadlock.actual shape=orphaned log_lock
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases/schedule.h"

enum { LOGGING, FORKED };

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static int lines;

static void write_line(void) {
    pthread_mutex_lock(&log_lock); /* REPORTED */
    lines++;
    schedule_reach(LOGGING);
    schedule_linger(FORKED);
    pthread_mutex_unlock(&log_lock);
}

static void *run_logger(void *unused) {
    write_line();
    schedule_wait(FORKED);
    return unused;
}

int main(void) {
    pthread_t logger;
    int status = 1;
    pthread_create(&logger, NULL, run_logger, NULL);
    schedule_wait(LOGGING);
    pid_t child = fork();
    if (child == 0) {
        schedule_reach(FORKED);
        write_line();
        _exit(0);
    }
    schedule_reach(FORKED);
    waitpid(child, &status, 0);
    pthread_join(logger, NULL);
    return status;
}
