/* A cache is made when it is first wanted, and two threads want it first.
 *
 * Both find no cache, and both make one. The second replaces the first, and what a thread has put into the
 * first is never found again.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race shared_cache
 * EXPECT exit: 1
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

static struct cache *shared_cache;
static atomic_int caches_made;

static void make_cache(void) {
    static struct cache caches[2];
    shared_cache = &caches[atomic_fetch_add(&caches_made, 1)]; /* REPORTED */
}

static struct cache *find_cache(int looked, int other_looked) {
    if (shared_cache == NULL) { /* REPORTED */
        schedule_reach(looked);
        schedule_linger(other_looked);
        make_cache();
    }
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
