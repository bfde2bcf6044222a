/* An interpreter's lock made of a flag, fixed: the library gives its own lock back before it calls back. A
 * callback is code that it does not know.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { SCRIPT_RUNS, LIBRARY_BUSY };

static pthread_mutex_t flag_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t interpreter_free = PTHREAD_COND_INITIALIZER;
static bool interpreter_taken;

static pthread_mutex_t library_lock = PTHREAD_MUTEX_INITIALIZER;
static int changes, steps_run;

static void take_interpreter(void) {
    pthread_mutex_lock(&flag_lock);
    while (interpreter_taken)
        pthread_cond_wait(&interpreter_free, &flag_lock);
    interpreter_taken = true;
    pthread_mutex_unlock(&flag_lock);
}

static void give_interpreter(void) {
    pthread_mutex_lock(&flag_lock);
    interpreter_taken = false;
    pthread_cond_signal(&interpreter_free);
    pthread_mutex_unlock(&flag_lock);
}

static void *run_script(void *unused) {
    take_interpreter();
    schedule_reach(SCRIPT_RUNS);
    schedule_wait(LIBRARY_BUSY);
    pthread_mutex_lock(&library_lock);
    changes++;
    pthread_mutex_unlock(&library_lock);
    steps_run++;
    give_interpreter();
    return unused;
}

static void call_script(void) {
    take_interpreter();
    steps_run++;
    give_interpreter();
}

static void *watch_file(void *unused) {
    schedule_wait(SCRIPT_RUNS);
    pthread_mutex_lock(&library_lock);
    schedule_reach(LIBRARY_BUSY);
    changes++;
    pthread_mutex_unlock(&library_lock);
    call_script();
    return unused;
}

int main(void) {
    pthread_t script, library;
    pthread_create(&script, NULL, run_script, NULL);
    pthread_create(&library, NULL, watch_file, NULL);
    pthread_join(script, NULL);
    pthread_join(library, NULL);
    return steps_run == 2 ? 0 : 1;
}
