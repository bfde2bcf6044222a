/* A helper without its lock, fixed: both callers take the lock that the helper expects.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 820
 */
#include <pthread.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { PHOTOS_READ, MUSIC_READ };

struct entry {
    long size;
    bool is_folder;
    const struct entry *inside; /* the first entry of a folder */
    const struct entry *next;
};

static const struct entry photos = {4, true, NULL, NULL};
static const struct entry song = {300, false, NULL, NULL};

static pthread_mutex_t total_lock = PTHREAD_MUTEX_INITIALIZER;
static long total;

/* Requires that total_lock is held. */
static void add_size(long size, int read, int other_read) {
    long seen = total;
    schedule_reach(read);
    schedule_linger(other_read);
    total = seen + size;
}

static void walk(const struct entry *entry, int read, int other_read) {
    for (; entry; entry = entry->next) {
        if (entry->is_folder) {
            pthread_mutex_lock(&total_lock);
            add_size(entry->size, read, other_read);
            pthread_mutex_unlock(&total_lock);
            walk(entry->inside, read, other_read);
        } else {
            pthread_mutex_lock(&total_lock);
            add_size(entry->size, read, other_read);
            pthread_mutex_unlock(&total_lock);
        }
    }
}

static void *walk_photos(void *unused) {
    walk(&photos, PHOTOS_READ, MUSIC_READ);
    return unused;
}

static void *walk_music(void *unused) {
    walk(&song, MUSIC_READ, PHOTOS_READ);
    return unused;
}

int main(void) {
    pthread_t photos_walker, music_walker;
    pthread_create(&photos_walker, NULL, walk_photos, NULL);
    pthread_create(&music_walker, NULL, walk_music, NULL);
    pthread_join(photos_walker, NULL);
    pthread_join(music_walker, NULL);
    printf("total: %ld of 304\n", total);
    return total == 304 ? 0 : 1;
}
