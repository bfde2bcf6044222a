/* A download is interrupted, and the count that is saved for resuming it is not the one of the file.
 *
 * A downloader writes a block, then adds it to the count, both under the lock. Ctrl-C wakes a thread of its
 * own that waits for signals. It saves the count without the lock, and it does so between the two steps. The
 * resumed download fetches a block again that is there already.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race file_blocks
 * EXPECT tsan: data-race bytes_written
 * EXPECT exit: 1
 * CWE: 820
 * Source: aget, count of bytes written read by the thread that handles the interrupt
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { BLOCK_SIZE = 4096 };
enum { BLOCK_WRITTEN, SAVED };

static pthread_mutex_t written_lock = PTHREAD_MUTEX_INITIALIZER;
static long file_blocks;
static long bytes_written;
static long saved_blocks, saved_bytes;
static pthread_t saver;

static void *save_when_interrupted(void *interrupt) {
    int received;
    sigwait(interrupt, &received);
    saved_blocks = file_blocks;  /* REPORTED */
    saved_bytes = bytes_written; /* REPORTED */
    schedule_reach(SAVED);
    return NULL;
}

static void *download(void *unused) {
    pthread_mutex_lock(&written_lock);
    file_blocks++; /* REPORTED */
    pthread_kill(saver, SIGINT);
    schedule_linger(SAVED);
    bytes_written += BLOCK_SIZE; /* REPORTED */
    pthread_mutex_unlock(&written_lock);
    return unused;
}

int main(void) {
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, NULL);
    pthread_t downloader;
    pthread_create(&saver, NULL, save_when_interrupted, &interrupt);
    pthread_create(&downloader, NULL, download, NULL);
    pthread_join(downloader, NULL);
    pthread_join(saver, NULL);
    printf("blocks in the file: %ld, bytes saved: %ld\n", saved_blocks, saved_bytes);
    return saved_bytes == saved_blocks * BLOCK_SIZE ? 0 : 1;
}
