/* A walk against the stream, fixed: the node before the tail is locked first, then the tail. All go the same
 * way along the list, so nobody meets anybody.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, ADDED_UP };

struct node {
    pthread_mutex_t lock;
    struct node *next;
    int value;
};

static struct node tail = {PTHREAD_MUTEX_INITIALIZER, NULL, 3};
static struct node middle = {PTHREAD_MUTEX_INITIALIZER, &tail, 2};
static struct node head = {PTHREAD_MUTEX_INITIALIZER, &middle, 1};
static int sum;

static void *add_up(void *unused) {
    schedule_wait(BOTH_EXIST);
    struct node *node = &head;
    pthread_mutex_lock(&node->lock);
    sum = node->value;
    while (node->next) {
        struct node *next = node->next;
        pthread_mutex_lock(&next->lock);
        pthread_mutex_unlock(&node->lock);
        sum += next->value;
        node = next;
    }
    pthread_mutex_unlock(&node->lock);
    schedule_reach(ADDED_UP);
    return unused;
}

static void *cut_tail_off(void *unused) {
    schedule_wait(ADDED_UP);
    pthread_mutex_lock(&middle.lock);
    pthread_mutex_lock(&tail.lock);
    middle.next = NULL;
    pthread_mutex_unlock(&middle.lock);
    pthread_mutex_unlock(&tail.lock);
    return unused;
}

int main(void) {
    pthread_t adder, cutter;
    pthread_create(&adder, NULL, add_up, NULL);
    pthread_create(&cutter, NULL, cut_tail_off, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(adder, NULL);
    pthread_join(cutter, NULL);
    return sum == 6 ? 0 : 1;
}
