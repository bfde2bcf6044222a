/* One line before exec, fixed: the child becomes another program at once, and the parent writes the line. The
 * lock that it inherited is of no interest: its memory goes with exec.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    pthread_mutex_lock(&log_lock);
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
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    waitpid(child, &status, 0);
    schedule_reach(CHILD_ENDED);
    write_line();
    pthread_join(logger, NULL);
    return status;
}
