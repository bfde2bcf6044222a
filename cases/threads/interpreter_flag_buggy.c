/* An interpreter's lock made of a flag, a mutex and a condition, against a library's own lock.
 *
 * Real interpreter locks are built like this one, so that a thread can be asked to give way. The script holds
 * the interpreter and waits for the library's lock; the library's thread holds that, and waits on a condition
 * until the interpreter is free. The mutex of the flag is held for a moment only. So no tool sees two locks
 * in two orders, and nothing is predicted; what gordian sees is that all threads wait. ThreadSanitizer hangs
 * in silence.
 *
 * EXPECT gordian: hang.all_blocked library_lock interpreter_free
 * EXPECT tsan: none
 * EXPECT exit: never
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
        pthread_cond_wait(&interpreter_free, &flag_lock); /* REPORTED */
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
    pthread_mutex_lock(&library_lock); /* REPORTED */
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
    pthread_mutex_lock(&library_lock); /* REPORTED */
    schedule_reach(LIBRARY_BUSY);
    changes++;
    call_script();
    pthread_mutex_unlock(&library_lock);
    return unused;
}

int main(void) {
    pthread_t script, library;
    pthread_create(&script, NULL, run_script, NULL);
    pthread_create(&library, NULL, watch_file, NULL);
    pthread_join(script, NULL); /* REPORTED */
    pthread_join(library, NULL);
    return steps_run == 2 ? 0 : 1;
}
