/* The interpreter's lock against a library's own: a script calls into the library, and the library calls a
 * script back.
 *
 * Scripts run with the interpreter's lock held. One saves a file through the library, which takes its file
 * lock. The library's own thread holds the file lock when it calls back into the interpreter, and so takes
 * the two in the other order. Each side is right by its own rules; only together they can block each other.
 * Here the script is done first, so this run ends well.
 *
 * EXPECT gordian: deadlock.potential interpreter_lock file_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, SCRIPT_ENDED };

static pthread_mutex_t interpreter_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t file_lock = PTHREAD_MUTEX_INITIALIZER;
static int steps_run, lines_saved;

/* ---- the library ---- */

static void library_save(int lines) {
    pthread_mutex_lock(&file_lock); /* REPORTED */
    lines_saved += lines;
    pthread_mutex_unlock(&file_lock);
}

static void library_poll(void (*on_change)(int lines)) {
    pthread_mutex_lock(&file_lock); /* REPORTED */
    on_change(lines_saved);
    pthread_mutex_unlock(&file_lock);
}

/* ---- the interpreter ---- */

static void call_script(int lines) {
    pthread_mutex_lock(&interpreter_lock); /* REPORTED */
    steps_run += lines;
    pthread_mutex_unlock(&interpreter_lock);
}

static void *run_script(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_mutex_lock(&interpreter_lock); /* REPORTED */
    int lines = ++steps_run;
    library_save(lines);
    steps_run++;
    pthread_mutex_unlock(&interpreter_lock);
    schedule_reach(SCRIPT_ENDED);
    return unused;
}

static void *watch_file(void *unused) {
    schedule_wait(SCRIPT_ENDED);
    library_poll(call_script);
    return unused;
}

int main(void) {
    pthread_t script, watcher;
    pthread_create(&script, NULL, run_script, NULL);
    pthread_create(&watcher, NULL, watch_file, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(script, NULL);
    pthread_join(watcher, NULL);
    return steps_run == 3 ? 0 : 1;
}
