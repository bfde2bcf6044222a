/* One line before exec: the child of a fork writes to the log, and becomes another program after that.
 *
 * Another thread is inside the log's lock at the fork. In the child nobody is there to unlock it. After a
 * fork in a program with threads, nothing is safe but what is safe in a signal handler. ThreadSanitizer does
 * not watch threads that wait, so it hangs in silence.
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

enum { LOGGING, CHILD_ENDED };

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static int lines;

static void open_line(void) {
    pthread_mutex_lock(&log_lock); /* REPORTED */
    lines++;
}

static void write_line(void) {
    open_line();
    pthread_mutex_unlock(&log_lock);
}

static void *write_slowly(void *unused) {
    open_line();
    schedule_reach(LOGGING);
    schedule_wait(CHILD_ENDED);
    pthread_mutex_unlock(&log_lock);
    return unused;
}

int main(void) {
    pthread_t logger;
    int status = 1;
    pthread_create(&logger, NULL, write_slowly, NULL);
    schedule_wait(LOGGING);
    pid_t child = fork();
    if (child == 0) {
        write_line();
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    waitpid(child, &status, 0);
    schedule_reach(CHILD_ENDED);
    pthread_join(logger, NULL);
    return status;
}
