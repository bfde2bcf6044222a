/* glibc: fork against fflush against getline, a ring of three locks.
 *
 * fork makes sure that the child gets no lock that is taken: it takes the heap's lock, then that of the list
 * of files. fflush(NULL) holds the list and takes each file's lock. getline holds its file and takes the
 * heap's lock for a longer buffer. No two of them disagree; all three together close a ring. Here they run
 * one after another. The locks of libc are modelled by the program's own, and its fork by fork handlers.
 *
 * EXPECT gordian: deadlock.potential heap_lock list_lock file_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 * Source: glibc bug 19431
 */
#include <pthread.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases/schedule.h"

enum { ALL_EXIST, FLUSHED, READ };

static pthread_mutex_t heap_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t file_lock = PTHREAD_MUTEX_INITIALIZER;
static size_t buffer_size, unwritten = 7;

static void before_fork(void) {
    pthread_mutex_lock(&heap_lock); /* REPORTED */
    pthread_mutex_lock(&list_lock); /* REPORTED */
}

static void after_fork(void) {
    pthread_mutex_unlock(&list_lock);
    pthread_mutex_unlock(&heap_lock);
}

static void *flush_all(void *unused) {
    schedule_wait(ALL_EXIST);
    pthread_mutex_lock(&list_lock); /* REPORTED */
    pthread_mutex_lock(&file_lock); /* REPORTED */
    unwritten = 0;
    pthread_mutex_unlock(&file_lock);
    pthread_mutex_unlock(&list_lock);
    schedule_reach(FLUSHED);
    return unused;
}

static void *read_line(void *unused) {
    schedule_wait(FLUSHED);
    pthread_mutex_lock(&file_lock); /* REPORTED */
    pthread_mutex_lock(&heap_lock); /* REPORTED */
    buffer_size += 120;
    pthread_mutex_unlock(&heap_lock);
    pthread_mutex_unlock(&file_lock);
    schedule_reach(READ);
    return unused;
}

static void *start_child(void *unused) {
    schedule_wait(READ);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    return unused;
}

int main(void) {
    pthread_t flusher, reader, parent;
    pthread_atfork(before_fork, after_fork, after_fork);
    pthread_create(&flusher, NULL, flush_all, NULL);
    pthread_create(&reader, NULL, read_line, NULL);
    pthread_create(&parent, NULL, start_child, NULL);
    schedule_reach(ALL_EXIST);
    pthread_join(flusher, NULL);
    pthread_join(reader, NULL);
    pthread_join(parent, NULL);
    return unwritten == 0 && buffer_size == 120 ? 0 : 1;
}
