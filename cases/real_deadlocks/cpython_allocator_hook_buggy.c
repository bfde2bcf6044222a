/* CPython: memory is allocated under a lock, and a hook of the allocator comes back for that lock.
 *
 * A new thread gets a record, allocated under the lock of the list of records. When allocations are traced, a
 * hook runs for each; it wants to know which thread it is on, finds that it has no record yet, and makes one:
 * it waits for its own thread. Nothing in the caller shows that allocating may lock. ThreadSanitizer would
 * report the second lock once it is taken, which never happens.
 *
 * EXPECT gordian: deadlock.actual shape=self records_lock
 * EXPECT tsan: none
 * EXPECT exit: never
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
    pthread_mutex_lock(&records_lock); /* REPORTED */
    struct record *record = allocate_record();
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
