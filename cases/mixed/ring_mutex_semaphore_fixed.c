/* A semaphore used as a lock, fixed: the reviewer, too, takes the ticket first and the log inside.
 *
 * EXPECT gordian: none
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
    sem_wait(&bus_ticket);
    frames++;
    pthread_mutex_lock(&log_lock);
    lines++;
    pthread_mutex_unlock(&log_lock);
    sem_post(&bus_ticket);
    schedule_reach(SENT);
    return unused;
}

static void *review(void *unused) {
    schedule_wait(SENT);
    sem_wait(&bus_ticket);
    pthread_mutex_lock(&log_lock);
    lines -= frames;
    pthread_mutex_unlock(&log_lock);
    sem_post(&bus_ticket);
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
