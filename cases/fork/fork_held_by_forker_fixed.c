/* A fork with the lock held, fixed: the critical section is over when the helper is started.
 *
 * EXPECT gordian: none
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
    pid_t child = fork();
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
    pthread_mutex_lock(&log_lock);
    lines++;
    pthread_mutex_unlock(&log_lock);
    waitpid(start_helper(), &status, 0);
    schedule_reach(HELPED);
    pthread_join(logger, NULL);
    return status;
}
