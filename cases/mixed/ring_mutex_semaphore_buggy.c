/* A semaphore used as a lock: the bus has one ticket, and the log a mutex.
 *
 * Sending takes the ticket and then the log, reviewing takes the log and then the ticket. Who takes the
 * ticket gives it back, so it is a lock like any other. For ThreadSanitizer a semaphore is a signal; it has
 * no place in its lock orders.
 *
 * EXPECT gordian: deadlock.potential bus_ticket log_lock
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <semaphore.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, SENT };

static sem_t bus_ticket;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static int frames, lines;

static void *send_frame(void *unused) {
    schedule_wait(BOTH_EXIST);
    sem_wait(&bus_ticket); /* REPORTED */
    frames++;
    pthread_mutex_lock(&log_lock); /* REPORTED */
    lines++;
    pthread_mutex_unlock(&log_lock);
    sem_post(&bus_ticket);
    schedule_reach(SENT);
    return unused;
}

static void *review(void *unused) {
    schedule_wait(SENT);
    pthread_mutex_lock(&log_lock); /* REPORTED */
    sem_wait(&bus_ticket);         /* REPORTED */
    lines -= frames;
    sem_post(&bus_ticket);
    pthread_mutex_unlock(&log_lock);
    return unused;
}

int main(void) {
    pthread_t sender, reviewer;
    sem_init(&bus_ticket, 0, 1);
    pthread_create(&sender, NULL, send_frame, NULL);
    pthread_create(&reviewer, NULL, review, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(sender, NULL);
    pthread_join(reviewer, NULL);
    sem_destroy(&bus_ticket);
    return lines;
}
