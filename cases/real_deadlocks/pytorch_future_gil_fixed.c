/* PyTorch: a future's mutex against the interpreter's lock, fixed: the interpreter's lock is given back
 * around calls into the future.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 * Source: PyTorch pull request 58382
 */
#include <pthread.h>
#include <stdbool.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, COMPLETED };

static pthread_mutex_t interpreter_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t future_lock = PTHREAD_MUTEX_INITIALIZER;
static int object = 7; /* under interpreter_lock */
static int value;      /* under future_lock */
static bool answered;

static int unwrap_object(void) {
    pthread_mutex_lock(&interpreter_lock);
    int unwrapped = object;
    pthread_mutex_unlock(&interpreter_lock);
    return unwrapped;
}

static void complete_future(void) {
    pthread_mutex_lock(&future_lock);
    value = unwrap_object();
    pthread_mutex_unlock(&future_lock);
}

static bool is_complete(void) {
    pthread_mutex_lock(&future_lock);
    bool complete = value != 0;
    pthread_mutex_unlock(&future_lock);
    return complete;
}

static void *finish_call(void *unused) {
    schedule_wait(BOTH_EXIST);
    complete_future();
    schedule_reach(COMPLETED);
    return unused;
}

static void *run_python(void *unused) {
    schedule_wait(COMPLETED);
    pthread_mutex_lock(&interpreter_lock);
    object++;
    pthread_mutex_unlock(&interpreter_lock);
    answered = is_complete();
    pthread_mutex_lock(&interpreter_lock);
    object--;
    pthread_mutex_unlock(&interpreter_lock);
    return unused;
}

int main(void) {
    pthread_t finisher, python;
    pthread_create(&finisher, NULL, finish_call, NULL);
    pthread_create(&python, NULL, run_python, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(finisher, NULL);
    pthread_join(python, NULL);
    return answered ? 0 : 1;
}
