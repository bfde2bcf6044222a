/* An audit reads two accounts, fixed: it takes the lock, and so sees both before a transfer or both after it.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    savings -= 30;
    schedule_reach(TAKEN);
    schedule_linger(AUDITED);
    checking += 30;
    pthread_mutex_unlock(&accounts_lock);
    return unused;
}

static void *audit(void *unused) {
    schedule_wait(TAKEN);
    pthread_mutex_lock(&accounts_lock);
    sum_found = savings + checking;
    pthread_mutex_unlock(&accounts_lock);
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
