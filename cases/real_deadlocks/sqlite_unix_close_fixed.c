/* SQLite: closing a database file, fixed: the question that needs the big lock is asked before the inode's
 * lock is taken. Now everybody takes the big lock first.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 * Source: SQLite 3.51.1, unixIsSharingShmNode against unixClose
 */
#include <pthread.h>
#include <stdbool.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, LOCKED };

static pthread_mutex_t big_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t inode_lock = PTHREAD_MUTEX_INITIALIZER;
static int shared_maps = 1; /* under big_lock */
static int file_locks;      /* under inode_lock */
static bool exclusive;      /* under inode_lock */

static bool is_sharing_memory(void) {
    pthread_mutex_lock(&big_lock);
    bool sharing = shared_maps > 1;
    pthread_mutex_unlock(&big_lock);
    return sharing;
}

static void lock_file(void) {
    bool sharing = is_sharing_memory();
    pthread_mutex_lock(&inode_lock);
    exclusive = !sharing;
    file_locks++;
    pthread_mutex_unlock(&inode_lock);
}

static void close_file(void) {
    pthread_mutex_lock(&big_lock);
    pthread_mutex_lock(&inode_lock);
    if (file_locks == 0)
        shared_maps--;
    pthread_mutex_unlock(&inode_lock);
    pthread_mutex_unlock(&big_lock);
}

static void *write_database(void *unused) {
    schedule_wait(BOTH_EXIST);
    lock_file();
    schedule_reach(LOCKED);
    return unused;
}

static void *close_database(void *unused) {
    schedule_wait(LOCKED);
    close_file();
    return unused;
}

int main(void) {
    pthread_t writer, closer;
    pthread_create(&writer, NULL, write_database, NULL);
    pthread_create(&closer, NULL, close_database, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(writer, NULL);
    pthread_join(closer, NULL);
    return shared_maps == 1 && exclusive ? 0 : 1;
}
