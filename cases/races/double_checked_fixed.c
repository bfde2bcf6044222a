/* Double-checked locking, fixed: the pointer is atomic. Its store releases the table, the first look acquires
 * it. Under the lock a relaxed load is enough. (pthread_once does the whole in one line.)
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 609
 */
#include <pthread.h>
#include <stdatomic.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, MADE };

struct table {
    int rows;
};

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct table storage;
static struct table *_Atomic table;

static struct table *make_table(int rows) {
    storage.rows = rows;
    return &storage;
}

static const struct table *get_table(void) {
    struct table *found = atomic_load_explicit(&table, memory_order_acquire);
    if (!found) {
        pthread_mutex_lock(&table_lock);
        found = atomic_load_explicit(&table, memory_order_relaxed);
        if (!found) {
            found = make_table(12);
            atomic_store_explicit(&table, found, memory_order_release);
        }
        pthread_mutex_unlock(&table_lock);
    }
    return found;
}

static void *count_first(void *rows) {
    schedule_wait(BOTH_EXIST);
    *(int *)rows = get_table()->rows;
    schedule_reach(MADE);
    return NULL;
}

static void *count_second(void *rows) {
    schedule_wait(MADE);
    *(int *)rows = get_table()->rows;
    return NULL;
}

int main(void) {
    int first_rows = 0, second_rows = 0;
    pthread_t first, second;
    pthread_create(&first, NULL, count_first, &first_rows);
    pthread_create(&second, NULL, count_second, &second_rows);
    schedule_reach(BOTH_EXIST);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    return first_rows == 12 && second_rows == 12 ? 0 : 1;
}
