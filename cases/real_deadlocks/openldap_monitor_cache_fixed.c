/* OpenLDAP: the cache of the monitor, fixed: the lookup only tries the entry's lock. When it is taken, it
 * gives the cache's lock back and begins again, so nobody waits with the cache's lock.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 * Source: OpenLDAP, openldap-bugs of May 2008, "Potential deadlock in back-monitor cache"
 */
#include <pthread.h>
#include <sched.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, FOUND };

static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t entry_lock = PTHREAD_MUTEX_INITIALIZER;
static int cached = 1, users;

/* Leaves the entry locked. */
static void get_entry(void) {
    pthread_mutex_lock(&cache_lock);
    while (pthread_mutex_trylock(&entry_lock) != 0) {
        pthread_mutex_unlock(&cache_lock);
        sched_yield();
        pthread_mutex_lock(&cache_lock);
    }
    users++;
    pthread_mutex_unlock(&cache_lock);
}

static void release_entry(void) {
    pthread_mutex_lock(&entry_lock);
    users--;
    pthread_mutex_lock(&cache_lock);
    if (users == 0)
        cached--;
    pthread_mutex_unlock(&cache_lock);
    pthread_mutex_unlock(&entry_lock);
}

static void *search(void *unused) {
    schedule_wait(BOTH_EXIST);
    get_entry();
    pthread_mutex_unlock(&entry_lock);
    schedule_reach(FOUND);
    return unused;
}

static void *finish_search(void *unused) {
    schedule_wait(FOUND);
    release_entry();
    return unused;
}

int main(void) {
    pthread_t searcher, finisher;
    pthread_create(&searcher, NULL, search, NULL);
    pthread_create(&finisher, NULL, finish_search, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(searcher, NULL);
    pthread_join(finisher, NULL);
    return cached;
}
