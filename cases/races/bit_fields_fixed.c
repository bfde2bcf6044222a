/* Two bits in one word, fixed: one lock for the word, and so for all of its bits.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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

static pthread_mutex_t status_lock = PTHREAD_MUTEX_INITIALIZER;
static struct status status;

static void *open_door(void *unused) {
    pthread_mutex_lock(&status_lock);
    struct status word = status;
    schedule_reach(READ);
    schedule_linger(LIGHT_SET);
    word.door_open = 1;
    status = word;
    pthread_mutex_unlock(&status_lock);
    return unused;
}

static void *switch_light_on(void *unused) {
    schedule_wait(READ);
    pthread_mutex_lock(&status_lock);
    status.light_on = 1;
    pthread_mutex_unlock(&status_lock);
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
