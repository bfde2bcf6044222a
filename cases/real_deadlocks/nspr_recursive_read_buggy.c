/* NSPR: a thread reads what it reads already, and a writer has asked in between.
 *
 * A lock that prefers writers lets no new reader in once a writer waits, so that writers get their turn. It
 * does not know that the new reader is an old one: the writer waits for its first lock, its second waits for
 * the writer. Here the writer comes when the reader is done. ThreadSanitizer sees one lock, read twice, and
 * no order of two.
 *
 * EXPECT gordian: deadlock.potential list_lock
 * EXPECT tsan: misses
 * CWE: 833
 * Source: NSPR bug 526805
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, LISTED };

static pthread_rwlock_t list_lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static int modules = 2, slots = 3, listed;

static int count_slots(void) {
    pthread_rwlock_rdlock(&list_lock); /* REPORTED */
    int count = slots;
    pthread_rwlock_unlock(&list_lock);
    return count;
}

static void *list_modules(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_rwlock_rdlock(&list_lock); /* REPORTED */
    listed = modules * count_slots();
    pthread_rwlock_unlock(&list_lock);
    schedule_reach(LISTED);
    return unused;
}

static void *add_module(void *unused) {
    schedule_wait(LISTED);
    pthread_rwlock_wrlock(&list_lock); /* REPORTED */
    modules++;
    pthread_rwlock_unlock(&list_lock);
    return unused;
}

int main(void) {
    pthread_t lister, adder;
    pthread_create(&lister, NULL, list_modules, NULL);
    pthread_create(&adder, NULL, add_module, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(lister, NULL);
    pthread_join(adder, NULL);
    return modules == 3 && listed == 6 ? 0 : 1;
}
