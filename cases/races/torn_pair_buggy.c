/* An audit reads two accounts without the lock and finds money missing.
 *
 * A transfer takes 30 from one account and gives them to the other, both under the lock, so the sum is always
 * 100. The audit only reads and takes no lock. It reads between the two steps and finds 70. Each of the two
 * numbers is whole; it is the pair that is torn. ThreadSanitizer reports a race for each account.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race savings
 * EXPECT tsan: data-race checking
 * EXPECT exit: 1
 * CWE: 820
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { TAKEN, AUDITED };

static pthread_mutex_t accounts_lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t savings = 100;
static int64_t checking;
static int64_t sum_found;

static void *transfer(void *unused) {
    pthread_mutex_lock(&accounts_lock);
    savings -= 30; /* REPORTED */
    schedule_reach(TAKEN);
    schedule_linger(AUDITED);
    checking += 30; /* REPORTED */
    pthread_mutex_unlock(&accounts_lock);
    return unused;
}

static void *audit(void *unused) {
    schedule_wait(TAKEN);
    sum_found = savings + checking; /* REPORTED */
    schedule_reach(AUDITED);
    return unused;
}

int main(void) {
    pthread_t transferring, auditing;
    pthread_create(&transferring, NULL, transfer, NULL);
    pthread_create(&auditing, NULL, audit, NULL);
    pthread_join(transferring, NULL);
    pthread_join(auditing, NULL);
    printf("100 in all, found: %" PRId64 "\n", sum_found);
    return sum_found == 100 ? 0 : 1;
}
