/* Semaphores, unnamed and named. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

static sem_t own, *semaphore = &own;

static int timed(long ms) {
    struct timespec until = conformance_in_ms(CLOCK_REALTIME, ms);
    return sem_timedwait(semaphore, &until);
}

static int clocked(clockid_t clock, long ms) {
    struct timespec until = conformance_in_ms(clock == CLOCK_REALTIME ? clock : CLOCK_MONOTONIC, ms);
    return sem_clockwait(semaphore, clock, &until);
}

static int value(void) {
    int value = -4711;
    return sem_getvalue(semaphore, &value) == 0 ? value : -1;
}

/* For calls in a thread of their own: the error, or 0. */
static int wait_for_it(void) {
    return sem_wait(semaphore) == 0 ? 0 : errno;
}

static int timed_for_a_minute(void) {
    return timed(60000) == 0 ? 0 : errno;
}

static int clocked_for_a_minute(void) {
    return clocked(CLOCK_MONOTONIC, 60000) == 0 ? 0 : errno;
}

static int post(void) {
    return sem_post(semaphore) == 0 ? 0 : errno;
}

static void *wait_in_every_way(void *ms) {
    TELL_ERRNO(sem_trywait(semaphore));
    TELL_ERRNO(timed(-1000));
    TELL_ERRNO(timed(*(long *)ms));
    TELL_ERRNO(clocked(CLOCK_MONOTONIC, -1000));
    TELL_ERRNO(clocked(CLOCK_MONOTONIC, *(long *)ms));
    TELL_ERRNO(clocked(CLOCK_REALTIME, *(long *)ms));
    TELL_ERRNO(clocked(12345, *(long *)ms));
    TELL_ERRNO(clocked(CLOCK_PROCESS_CPUTIME_ID, *(long *)ms));
    TELL_ERRNO(sem_timedwait(semaphore, &conformance_no_time));
    TELL_ERRNO(sem_timedwait(semaphore, &conformance_no_time_either));
    TELL_ERRNO(sem_clockwait(semaphore, CLOCK_MONOTONIC, &conformance_no_time));
    TELL_ERRNO(sem_clockwait(semaphore, CLOCK_REALTIME, &conformance_no_time_either));
    TELL_ERRNO(value());
    return NULL;
}

static void blocking(void) {
    BLOCKS(wait_for_it, post);
    BLOCKS(timed_for_a_minute, post);
    BLOCKS(clocked_for_a_minute, post);
    TELL_ERRNO(value());
}

/* Takes three waiters, whichever order they come in. */
static void three_waiters(void) {
    struct conformance_call calls[3];
    for (int i = 0; i < 3; i++)
        START(&calls[i], wait_for_it);
    for (int i = 0; i < 3; i++)
        TELL_ERRNO(sem_post(semaphore));
    for (int i = 0; i < 3; i++)
        conformance_finish(&calls[i]);
    TELL_ERRNO(value());
}

static void unnamed(int shared) {
    long short_while = 2, minute = 60000;
    conformance_stage_is("shared %d", shared);
    semaphore = shared ? conformance_shared(sizeof *semaphore) : &own;
    TELL_ERRNO(sem_init(semaphore, shared, 0));
    wait_in_every_way(&short_while);
    conformance_elsewhere(wait_in_every_way, &short_while);
    blocking();
    three_waiters();
    TELL_ERRNO(sem_destroy(semaphore));
    TELL_ERRNO(sem_init(semaphore, shared, 30));
    wait_in_every_way(&minute);
    TELL_ERRNO(sem_wait(semaphore));
    conformance_elsewhere(wait_in_every_way, &minute);
    TELL_ERRNO(sem_destroy(semaphore));
    semaphore = &own;
}

static void limits(void) {
    conformance_stage_is("limits");
    TELL_ERRNO(sem_init(semaphore, 0, SEM_VALUE_MAX));
    TELL_ERRNO(value());
    TELL_ERRNO(sem_post(semaphore));
    TELL_ERRNO(value());
    TELL_ERRNO(sem_wait(semaphore));
    TELL_ERRNO(value());
    TELL_ERRNO(sem_post(semaphore));
    TELL_ERRNO(sem_post(semaphore));
    TELL_ERRNO(sem_destroy(semaphore));
    TELL_ERRNO(sem_init(semaphore, 0, (unsigned)SEM_VALUE_MAX + 1));
    TELL_ERRNO(sem_init(semaphore, 0, UINT_MAX));
}

/* All that block in a handler's thread end with EINTR, but not the plain wait when calls are restarted. */
static void interrupted(void) {
    conformance_stage_is("signals");
    TELL_ERRNO(sem_init(semaphore, 0, 0));
    conformance_interrupt(false);
    TELL_ERRNO(sem_wait(semaphore));
    TELL_ERRNO(timed(60000));
    TELL_ERRNO(clocked(CLOCK_MONOTONIC, 60000));
    TELL_ERRNO(clocked(CLOCK_REALTIME, 60000));
    TELL_ERRNO(sem_trywait(semaphore));
    TELL_ERRNO(sem_post(semaphore));
    TELL_ERRNO(sem_wait(semaphore));
    conformance_interrupt_no_more();
    TELL_ERRNO(sem_destroy(semaphore));
}

static int nothing(void) {
    return 0;
}

static void restarted(void) {
    conformance_stage_is("restarted");
    TELL_ERRNO(sem_init(semaphore, 0, 0));
    conformance_interrupt(true);
    conformance_hold(nothing, post);
    conformance_let_go_after_signals();
    TELL_ERRNO(sem_wait(semaphore));
    conformance_interrupt_no_more();
    conformance_held();
    TELL_ERRNO(sem_destroy(semaphore));
}

static char name[64];

static int open_it(int flags) {
    semaphore = sem_open(name, flags);
    return semaphore == SEM_FAILED ? -1 : 0;
}

static int create_it(int flags, mode_t mode, unsigned first) {
    semaphore = sem_open(name, flags | O_CREAT, mode, first);
    return semaphore == SEM_FAILED ? -1 : 0;
}

static void print_mode(void) {
    char path[128];
    struct stat status;
    snprintf(path, sizeof path, "/dev/shm/sem.%s", name + 1);
    if (stat(path, &status) == 0)
        printf("mode %o\n", (unsigned)status.st_mode & 0777);
}

static void post_in_the_child(void) {
    TELL_ERRNO(value());
    TELL_ERRNO(sem_post(semaphore));
    TELL_ERRNO(value());
}

static void named(void) {
    conformance_stage_is("named");
    snprintf(name, sizeof name, "/gordian-conformance-%d", getpid());
    umask(0);
    TELL_ERRNO(open_it(0));
    TELL_ERRNO(create_it(O_EXCL, 0640, 7));
    print_mode();
    TELL_ERRNO(value());
    sem_t *first = semaphore;
    TELL_ERRNO(create_it(O_EXCL, 0600, 3));
    TELL_ERRNO(open_it(0));
    printf("the same: %d\n", semaphore == first);
    TELL_ERRNO(create_it(0, 0600, 3));
    printf("the same: %d\n", semaphore == first);
    TELL_ERRNO(value());
    TELL_ERRNO(sem_wait(semaphore));
    TELL_ERRNO(sem_trywait(semaphore));
    conformance_in_child(post_in_the_child);
    TELL_ERRNO(sem_close(semaphore));
    TELL_ERRNO(sem_close(semaphore));
    TELL_ERRNO(value());
    TELL_ERRNO(sem_unlink(name));
    TELL_ERRNO(sem_unlink(name));
    TELL_ERRNO(open_it(0));
    semaphore = first;
    TELL_ERRNO(value());
    TELL_ERRNO(sem_close(semaphore));
    TELL_ERRNO(sem_close(semaphore));
    semaphore = &own;
    TELL_ERRNO(sem_close(semaphore));
}

static void refused_names(void) {
    static const char *const names[] = {"", "/", "a/b", "/a/b"};
    conformance_stage_is("refused names");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(name, sizeof name, "%s", names[i]);
        TELL_ERRNO(open_it(0));
        TELL_ERRNO(create_it(0, 0600, 0));
        TELL_ERRNO(sem_unlink(name));
    }
    char long_name[400];
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[0] = '/';
    long_name[sizeof long_name - 1] = '\0';
    TELL_ERRNO(sem_open(long_name, 0) == SEM_FAILED ? -1 : 0);
    TELL_ERRNO(sem_open(long_name, O_CREAT, 0600, 0) == SEM_FAILED ? -1 : 0);
    TELL_ERRNO(sem_unlink(long_name));
    snprintf(name, sizeof name, "/gordian-refused-%d", getpid());
    TELL_ERRNO(create_it(0, 0600, (unsigned)SEM_VALUE_MAX + 1));
    TELL_ERRNO(sem_unlink(name));
    semaphore = &own;
}

/* What one process posts, another one gets. */
static void two_processes(void) {
    int status = -1;
    conformance_stage_is("two processes");
    semaphore = conformance_shared(sizeof *semaphore);
    TELL_ERRNO(sem_init(semaphore, 1, 0));
    pid_t child = fork();
    if (child == 0)
        _exit(wait_for_it());
    conformance_until_asleep(child);
    printf("child has ended: %d\n", waitpid(child, &status, WNOHANG) == child);
    TELL_ERRNO(sem_post(semaphore));
    printf("child has ended: %d\n", waitpid(child, &status, 0) == child && status == 0);
    TELL_ERRNO(value());
    TELL_ERRNO(sem_destroy(semaphore));
    semaphore = &own;
}

enum { THREADS = 4, ROUNDS = 2000 };
static int count;

static void *take_and_post(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        if (i % 2 || sem_trywait(semaphore) != 0)
            sem_wait(semaphore);
        count++;
        sem_post(semaphore);
    }
    return unused;
}

static void as_a_lock(void) {
    pthread_t threads[THREADS];
    conformance_stage_is("as a lock");
    TELL_ERRNO(sem_init(semaphore, 0, 1));
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, take_and_post, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%d\n", count);
    TELL_ERRNO(value());
    TELL_ERRNO(sem_destroy(semaphore));
}

void conformance_semaphores(void) {
    unnamed(0);
    unnamed(1);
    limits();
    interrupted();
    restarted();
    named();
    refused_names();
    two_processes();
    as_a_lock();
}
