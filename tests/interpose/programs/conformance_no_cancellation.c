/* The calls that do not act on a cancellation: it is still pending when they have returned. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <threads.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_barrier_t barrier;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static mtx_t c11_mutex;
static cnd_t c11_condition;
static sem_t semaphore;
static pthread_t other;
static int file, twin;
static FILE *stream;

static int released;

static void *wait_for_release(void *unused) {
    while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE))
        usleep(500);
    return unused;
}

static void do_nothing(void) {}

static int lock_stream(void) {
    flockfile(stream);
    funlockfile(stream);
    return 0;
}

/* Noted, and printed when the thread has ended: printing would act on the cancellation. */
static struct {
    const char *call;
    int result, after;
} notes[64];
static int notes_count;

static void note(const char *call, int result) {
    notes[notes_count].call = call;
    notes[notes_count].result = result;
    notes[notes_count++].after = errno;
}

#define NOTE(call) note(#call, (errno = CONFORMANCE_ERRNO, (call)))

static void *pass_by_all(void *unused) {
    struct timespec until = conformance_in_ms(CLOCK_REALTIME, 60000);
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    NOTE(pthread_cancel(pthread_self()));
    NOTE(pthread_mutex_lock(&mutex));
    NOTE(pthread_mutex_unlock(&mutex));
    NOTE(pthread_mutex_trylock(&mutex));
    NOTE(pthread_mutex_unlock(&mutex));
    NOTE(pthread_mutex_timedlock(&mutex, &until));
    NOTE(pthread_mutex_unlock(&mutex));
    NOTE(pthread_mutex_clocklock(&mutex, CLOCK_REALTIME, &until));
    NOTE(pthread_mutex_unlock(&mutex));
    NOTE(pthread_rwlock_rdlock(&rwlock));
    NOTE(pthread_rwlock_unlock(&rwlock));
    NOTE(pthread_rwlock_wrlock(&rwlock));
    NOTE(pthread_rwlock_unlock(&rwlock));
    NOTE(pthread_rwlock_timedrdlock(&rwlock, &until));
    NOTE(pthread_rwlock_unlock(&rwlock));
    NOTE(pthread_rwlock_timedwrlock(&rwlock, &until));
    NOTE(pthread_rwlock_unlock(&rwlock));
    NOTE(pthread_spin_lock(&spin));
    NOTE(pthread_spin_unlock(&spin));
    NOTE(pthread_barrier_wait(&barrier));
    NOTE(pthread_once(&once, do_nothing));
    NOTE(pthread_cond_signal(&condition));
    NOTE(pthread_cond_broadcast(&condition));
    NOTE(mtx_lock(&c11_mutex));
    NOTE(mtx_unlock(&c11_mutex));
    NOTE(cnd_signal(&c11_condition));
    NOTE(sem_post(&semaphore));
    NOTE(sem_trywait(&semaphore));
    /* Refused before they come to be cancellation points. */
    NOTE(sem_timedwait(&semaphore, &conformance_no_time));
    NOTE(sem_clockwait(&semaphore, 12345, &until));
    NOTE(sem_clockwait(&semaphore, CLOCK_MONOTONIC, &conformance_no_time));
    NOTE(pthread_mutex_lock(&mutex));
    NOTE(pthread_cond_timedwait(&condition, &mutex, &conformance_no_time));
    NOTE(pthread_cond_clockwait(&condition, &mutex, 12345, &until));
    NOTE(pthread_mutex_unlock(&mutex));
    NOTE(flock(file, LOCK_EX));
    NOTE(flock(file, LOCK_UN));
    NOTE(fcntl(file, F_OFD_SETLK, &range));
    range.l_type = F_UNLCK;
    NOTE(fcntl(file, F_OFD_SETLK, &range));
    NOTE(fcntl(file, F_SETFD, FD_CLOEXEC));
    NOTE(lock_stream());
    NOTE(pthread_tryjoin_np(other, NULL));
    pthread_testcancel();
    puts("not cancelled");
    return unused;
}

static void while_pending(void) {
    pthread_t thread;
    void *value = NULL;
    conformance_stage_is("pending");
    __atomic_store_n(&released, 0, __ATOMIC_RELEASE);
    pthread_create(&other, NULL, wait_for_release, NULL);
    pthread_create(&thread, NULL, pass_by_all, NULL);
    TELL(pthread_join(thread, &value));
    for (int i = 0; i < notes_count; i++) {
        errno = notes[i].after;
        conformance_tell(notes[i].call, notes[i].result);
    }
    printf("cancelled: %d\n", value == PTHREAD_CANCELED);
    __atomic_store_n(&released, 1, __ATOMIC_RELEASE);
    TELL(pthread_join(other, NULL));
}

/* The same, while they block. */

static int take_mutex_and_release(void) {
    int result = pthread_mutex_lock(&mutex);
    return result != 0 ? result : pthread_mutex_unlock(&mutex);
}

static int release_mutex(void) {
    return pthread_mutex_unlock(&mutex);
}

static int write_and_release(void) {
    int result = pthread_rwlock_wrlock(&rwlock);
    return result != 0 ? result : pthread_rwlock_unlock(&rwlock);
}

static int read_and_release(void) {
    int result = pthread_rwlock_rdlock(&rwlock);
    return result != 0 ? result : pthread_rwlock_unlock(&rwlock);
}

static int release_rwlock(void) {
    return pthread_rwlock_unlock(&rwlock);
}

static int lock_twin_file(void) {
    return flock(twin, LOCK_EX) == 0 ? flock(twin, LOCK_UN) : errno;
}

static int release_file(void) {
    return flock(file, LOCK_UN);
}

static void blocked_and_cancelled(const char *name, int (*call)(void), int (*release)(void)) {
    struct conformance_call blocked;
    conformance_stage_is("%s", name);
    conformance_start(&blocked, name, call);
    TELL(pthread_cancel(blocked.thread));
    printf("returned at once: %d\n", conformance_has_returned(&blocked));
    TELL(release());
    conformance_finish(&blocked);
}

static void while_blocked(void) {
    pthread_mutex_lock(&mutex);
    blocked_and_cancelled("pthread_mutex_lock", take_mutex_and_release, release_mutex);
    pthread_rwlock_rdlock(&rwlock);
    blocked_and_cancelled("pthread_rwlock_wrlock", write_and_release, release_rwlock);
    pthread_rwlock_wrlock(&rwlock);
    blocked_and_cancelled("pthread_rwlock_rdlock", read_and_release, release_rwlock);
    flock(file, LOCK_EX);
    blocked_and_cancelled("flock", lock_twin_file, release_file);
}

void conformance_no_cancellation(void) {
    char path[] = "/tmp/gordian-cancellation-XXXXXX";
    file = mkostemp(path, O_CLOEXEC);
    twin = open(path, O_RDWR | O_CLOEXEC);
    unlink(path);
    stream = stdout;
    mtx_init(&c11_mutex, mtx_plain);
    cnd_init(&c11_condition);
    sem_init(&semaphore, 0, 0);
    pthread_spin_init(&spin, 0);
    pthread_barrier_init(&barrier, NULL, 1);
    while_pending();
    while_blocked();
    close(file);
    close(twin);
    pthread_barrier_destroy(&barrier);
    pthread_spin_destroy(&spin);
    sem_destroy(&semaphore);
    cnd_destroy(&c11_condition);
    mtx_destroy(&c11_mutex);
}
