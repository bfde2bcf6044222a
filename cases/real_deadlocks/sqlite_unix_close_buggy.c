/* SQLite: closing a database file against locking it, two mutexes in opposite orders.
 *
 * A big lock guards the list of all inodes, and each inode has a lock of its own. The rule is big lock first,
 * and closing a file keeps it. Locking a file takes the inode's lock, then asks whether others share the
 * file's memory; that question goes through the list and takes the big lock. Here the writer is done before
 * the closer starts. With another schedule each waits for the other's lock.
 *
 * EXPECT gordian: deadlock.potential big_lock inode_lock
 * EXPECT tsan: lock-order-inversion
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
    pthread_mutex_lock(&big_lock); /* REPORTED */
    bool sharing = shared_maps > 1;
    pthread_mutex_unlock(&big_lock);
    return sharing;
}

static void lock_file(void) {
    pthread_mutex_lock(&inode_lock); /* REPORTED */
    bool sharing = is_sharing_memory();
    exclusive = !sharing;
    file_locks++;
    pthread_mutex_unlock(&inode_lock);
}

static void close_file(void) {
    pthread_mutex_lock(&big_lock);   /* REPORTED */
    pthread_mutex_lock(&inode_lock); /* REPORTED */
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
