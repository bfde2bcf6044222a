/* A gate of one's own, fixed: both pass the same gate. ThreadSanitizer knows no gates and cries wolf.
 *
 * EXPECT gordian: none
 * EXPECT tsan: lock-order-inversion wrongly
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, IMPORTED };

static pthread_mutex_t transfer_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t file_lock = PTHREAD_MUTEX_INITIALIZER;
static int rows, lines = 3;

static void take_all(pthread_mutex_t *gate, pthread_mutex_t *outer, pthread_mutex_t *inner) {
    pthread_mutex_t *const locks[] = {gate, outer, inner};
    for (int i = 0; i < 3; i++)
        pthread_mutex_lock(locks[i]);
}

static void give_back(pthread_mutex_t *gate, pthread_mutex_t *outer, pthread_mutex_t *inner) {
    pthread_mutex_unlock(inner);
    pthread_mutex_unlock(outer);
    pthread_mutex_unlock(gate);
}

static void *import_rows(void *unused) {
    schedule_wait(BOTH_EXIST);
    take_all(&transfer_lock, &file_lock, &table_lock);
    rows = lines;
    give_back(&transfer_lock, &file_lock, &table_lock);
    schedule_reach(IMPORTED);
    return unused;
}

static void *export_rows(void *unused) {
    schedule_wait(IMPORTED);
    take_all(&transfer_lock, &table_lock, &file_lock);
    lines = rows;
    give_back(&transfer_lock, &table_lock, &file_lock);
    return unused;
}

int main(void) {
    pthread_t importer, exporter;
    pthread_create(&importer, NULL, import_rows, NULL);
    pthread_create(&exporter, NULL, export_rows, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(importer, NULL);
    pthread_join(exporter, NULL);
    return rows == lines ? 0 : 1;
}
