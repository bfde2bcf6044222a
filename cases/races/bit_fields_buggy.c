/* Two bits with a lock each, but both lie in one word.
 *
 * A processor cannot write a single bit. To set one, the program reads the word, changes the bit and writes
 * the whole word back. Here this is spelled out, with a pause in between; `status.door_open = 1` does the
 * same without saying so. Each thread holds the lock of its own bit, and puts back an old value of the
 * other's. In C, adjacent bit-fields are one memory location, so this is a data race.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race status
 * EXPECT exit: 1
 * CWE: 821
 */
#include <pthread.h>
#include <stdio.h>

#include "cases/schedule.h"

struct status {
    unsigned door_open : 1;
    unsigned light_on : 1;
};

enum { READ, LIGHT_SET };

static pthread_mutex_t door_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t light_lock = PTHREAD_MUTEX_INITIALIZER;
static struct status status;

static void *open_door(void *unused) {
    pthread_mutex_lock(&door_lock);
    struct status word = status; /* REPORTED */
    schedule_reach(READ);
    schedule_linger(LIGHT_SET);
    word.door_open = 1;
    status = word;
    pthread_mutex_unlock(&door_lock);
    return unused;
}

static void *switch_light_on(void *unused) {
    schedule_wait(READ);
    pthread_mutex_lock(&light_lock);
    status.light_on = 1; /* REPORTED */
    pthread_mutex_unlock(&light_lock);
    schedule_reach(LIGHT_SET);
    return unused;
}

int main(void) {
    pthread_t door, light;
    pthread_create(&door, NULL, open_door, NULL);
    pthread_create(&light, NULL, switch_light_on, NULL);
    pthread_join(door, NULL);
    pthread_join(light, NULL);
    printf("door open: %d, light on: %d\n", status.door_open, status.light_on);
    return status.door_open && status.light_on ? 0 : 1;
}
