/* CPython: memory is allocated under a lock, fixed: it is allocated before the lock is taken, so whatever the
 * hook calls may take it.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 764
 * Source: CPython issue 96071
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct record {
    struct record *next;
};

static pthread_mutex_t records_lock = PTHREAD_MUTEX_INITIALIZER;
static struct record *records;
static _Thread_local struct record *own;
static _Thread_local bool in_hook;

static void trace_allocation(void);

static struct record *allocate_record(void) {
    if (!in_hook)
        trace_allocation();
    return calloc(1, sizeof(struct record));
}

static void ensure_record(void) {
    if (own)
        return;
    struct record *record = allocate_record();
    pthread_mutex_lock(&records_lock);
    record->next = records;
    records = own = record;
    pthread_mutex_unlock(&records_lock);
}

static void trace_allocation(void) {
    in_hook = true;
    ensure_record();
    in_hook = false;
}

static void *run_script(void *unused) {
    ensure_record();
    return unused;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, run_script, NULL);
    pthread_join(thread, NULL);
    int count = 0;
    while (records) {
        struct record *next = records->next;
        free(records);
        records = next;
        count++;
    }
    return count > 0 ? 0 : 1;
}
