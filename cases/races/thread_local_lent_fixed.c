/* A thread-local variable that is not, fixed: the value is handed over, not its address. What is shared is
 * under the lock, and what is thread-local stays with its thread.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 567
 */
#include <pthread.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { HANDED_OVER, MEASURED_AGAIN, SHOWN };

static _Thread_local int degrees;

static pthread_mutex_t handed_lock = PTHREAD_MUTEX_INITIALIZER;
static int handed;

static void measure(int now) {
    degrees = now;
}

static void hand_over(void) {
    pthread_mutex_lock(&handed_lock);
    handed = degrees;
    pthread_mutex_unlock(&handed_lock);
}

static int take_over(void) {
    pthread_mutex_lock(&handed_lock);
    int reading = handed;
    pthread_mutex_unlock(&handed_lock);
    return reading;
}

static void *thermometer(void *unused) {
    measure(20);
    hand_over();
    schedule_reach(HANDED_OVER);
    measure(21);
    schedule_reach(MEASURED_AGAIN);
    schedule_wait(SHOWN);
    return unused;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, thermometer, NULL);
    schedule_wait(HANDED_OVER);
    schedule_wait(MEASURED_AGAIN);
    int shown = take_over();
    printf("handed over: 20, shown: %d\n", shown);
    schedule_reach(SHOWN);
    pthread_join(thread, NULL);
    return shown == 20 ? 0 : 1;
}
