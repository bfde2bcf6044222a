/* A thread-local variable that is not: its owner gives its address away and goes on using it.
 *
 * The thermometer keeps its reading in a thread-local variable, which needs no lock as long as no other
 * thread knows it. It hands the display a pointer to it, under a lock. The lock covers the pointer, not what
 * it points to: the thermometer measures again, and the display shows a reading that was never handed over.
 * (Once the thread has ended, the pointer points to nothing.)
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race
 * EXPECT exit: 1
 * CWE: 567
 */
#include <pthread.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { HANDED_OVER, MEASURED_AGAIN, SHOWN };

static _Thread_local int degrees;

static pthread_mutex_t handed_lock = PTHREAD_MUTEX_INITIALIZER;
static const int *handed;

static void measure(int now) {
    degrees = now; /* REPORTED */
}

static void hand_over(void) {
    pthread_mutex_lock(&handed_lock);
    handed = &degrees;
    pthread_mutex_unlock(&handed_lock);
}

static int take_over(void) {
    pthread_mutex_lock(&handed_lock);
    int reading = *handed; /* REPORTED */
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
