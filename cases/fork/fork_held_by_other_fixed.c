/* A fork in the middle, fixed: pthread_atfork has the forking thread take the lock for the moment of the
 * fork, so the fork waits for the logger, and parent and child each begin with a lock that they may unlock.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases/schedule.h"

enum { LOGGING, FORKED };

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static int lines;

static void take_log(void) {
    pthread_mutex_lock(&log_lock);
}

static void give_log_back(void) {
    pthread_mutex_unlock(&log_lock);
}

static void write_line(void) {
    pthread_mutex_lock(&log_lock);
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
    pthread_atfork(take_log, give_log_back, give_log_back);
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
