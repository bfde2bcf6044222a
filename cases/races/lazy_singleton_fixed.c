/* A cache is made when it is first wanted, fixed: pthread_once lets one thread make it and the others wait
 * until it is there.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 543
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "cases/schedule.h"

struct cache {
    int entries;
};

enum { ALICE_LOOKED, BOB_LOOKED };

static pthread_once_t cache_once = PTHREAD_ONCE_INIT;
static struct cache *shared_cache;
static atomic_int caches_made;

static void make_cache(void) {
    static struct cache caches[2];
    shared_cache = &caches[atomic_fetch_add(&caches_made, 1)];
}

static struct cache *find_cache(int looked, int other_looked) {
    schedule_reach(looked);
    schedule_linger(other_looked);
    pthread_once(&cache_once, make_cache);
    return shared_cache;
}

static void *alice(void *unused) {
    find_cache(ALICE_LOOKED, BOB_LOOKED);
    return unused;
}

static void *bob(void *unused) {
    find_cache(BOB_LOOKED, ALICE_LOOKED);
    return unused;
}

int main(void) {
    pthread_t a, b;
    pthread_create(&a, NULL, alice, NULL);
    pthread_create(&b, NULL, bob, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    printf("caches made: %d\n", caches_made);
    return caches_made == 1 ? 0 : 1;
}
