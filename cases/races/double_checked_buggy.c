/* Double-checked locking with a plain pointer: the first look is without the lock.
 *
 * Whoever finds no table locks, looks again and makes one. Whoever finds one uses it at once, and that is the
 * hole: the plain read takes part in no order, so the pointer may be seen before what it points to is there.
 * This run ends well, so the exit status shows nothing; the two races do, one on the pointer
 * and one on the table.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race table
 * EXPECT tsan: data-race storage
 * CWE: 609
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, MADE };

struct table {
    int rows;
};

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct table storage;
static struct table *table;

static struct table *make_table(int rows) {
    storage.rows = rows; /* REPORTED */
    return &storage;
}

static const struct table *get_table(void) {
    struct table *found = table; /* REPORTED */
    if (!found) {
        pthread_mutex_lock(&table_lock);
        found = table;
        if (!found) {
            found = make_table(12);
            table = found; /* REPORTED */
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
    *(int *)rows = get_table()->rows; /* REPORTED */
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
