/* Deadlocks between a process and its children, over locks in memory that they share: processes_fork CASE
 *
 * The buggy cases never end by themselves, and whoever runs this has to end it; the others do, with status 0.
 * What takes part in a knot is marked REPORTED. Processes go in order by pipes, which order nothing for a
 * detector.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 2000

struct shared {
    pthread_mutex_t locks[3];
    int sum;
};

static struct shared *shared;
static pthread_mutex_t *left, *right; /* in it */
static pthread_mutex_t inner = PTHREAD_MUTEX_INITIALIZER;
static int channels[4][2];

enum { ROBUST = 1, SEGMENT = 2 };

/* In memory without a name, or in a System V segment. */
static struct shared *map_shared(int how) {
    if (!(how & SEGMENT))
        return mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int segment = shmget(IPC_PRIVATE, sizeof(struct shared), 0600);
    struct shared *at = shmat(segment, NULL, 0);
    shmctl(segment, IPC_RMID, NULL);
    return at;
}

static void make_shared(int how) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (how & ROBUST)
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    shared = map_shared(how);
    for (int i = 0; i < 3; i++)
        pthread_mutex_init(&shared->locks[i], &attributes);
    left = &shared->locks[0];
    right = &shared->locks[1];
    for (int i = 0; i < 4; i++)
        if (pipe(channels[i]) < 0)
            abort();
}

/* One byte through a pipe: the other process goes on. */
static void tell(int channel) {
    if (write(channels[channel][1], "!", 1) != 1)
        abort();
}

static void await(int channel) {
    char byte;
    if (read(channels[channel][0], &byte, 1) != 1)
        abort();
}

static pid_t start(void (*run)(void)) {
    pid_t child = fork();
    if (child == 0) {
        run();
        _exit(0);
    }
    return child;
}

static int end_of(pid_t child) {
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- two orders ---- */

static void right_then_left(void) {
    pthread_mutex_lock(right); /* REPORTED */
    tell(1);
    await(0);
    pthread_mutex_lock(left); /* REPORTED */
}

static int two_orders(void) {
    pid_t child = start(right_then_left);
    pthread_mutex_lock(left); /* REPORTED */
    tell(0);
    await(1);
    pthread_mutex_lock(right); /* REPORTED */
    return end_of(child);
}

static void take_both(void) {
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(left);
        pthread_mutex_lock(right);
        shared->sum++;
        pthread_mutex_unlock(right);
        pthread_mutex_unlock(left);
    }
}

static int one_order(void) {
    pid_t child = start(take_both);
    take_both();
    int status = end_of(child);
    return status || shared->sum != 2 * ROUNDS;
}

/* ---- the same, of a child that has left the group ---- */

static void right_then_left_outside(void) {
    setsid();
    right_then_left();
}

static int two_orders_outside(void) {
    pid_t child = start(right_then_left_outside);
    dprintf(1, "%d\n", (int)child);
    pthread_mutex_lock(left); /* REPORTED */
    tell(0);
    await(1);
    pthread_mutex_lock(right); /* REPORTED */
    return end_of(child);
}

/* ---- the same, with a way out ---- */

static int timed_order(void) {
    pid_t child = start(right_then_left);
    struct timespec until;
    pthread_mutex_lock(left);
    tell(0);
    await(1);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    int result = pthread_mutex_timedlock(right, &until);
    pthread_mutex_unlock(left);
    return end_of(child) || result != ETIMEDOUT;
}

/* ---- a ring of three ---- */

static int ring_place;

static void two_neighbours(void) {
    pthread_mutex_lock(&shared->locks[ring_place]); /* REPORTED */
    tell(3);
    await(ring_place);
    pthread_mutex_lock(&shared->locks[(ring_place + 1) % 3]); /* REPORTED */
}

static int three_orders(void) {
    pid_t children[3];
    for (ring_place = 0; ring_place < 3; ring_place++)
        children[ring_place] = start(two_neighbours);
    for (int i = 0; i < 3; i++)
        await(3);
    for (int i = 0; i < 3; i++)
        tell(i);
    return end_of(children[0]);
}

/* ---- threads on the way ---- */

static void *take_inner_and_right(void *unused) {
    pthread_mutex_lock(&inner); /* REPORTED */
    tell(2);
    await(3);
    pthread_mutex_lock(right); /* REPORTED */
    return unused;
}

static int through_a_thread(void) {
    pid_t child = start(right_then_left);
    pthread_t thread;
    await(1);
    pthread_create(&thread, NULL, take_inner_and_right, NULL);
    await(2);
    pthread_mutex_lock(left); /* REPORTED */
    tell(0);
    tell(3);
    pthread_mutex_lock(&inner); /* REPORTED */
    return end_of(child);
}

/* ---- a process that dies with the lock ---- */

static void take_left_and_stay(void) {
    pthread_mutex_lock(left); /* REPORTED */
    tell(0);
    for (;;)
        pause();
}

static void want_left(void) {
    tell(1);
    int result = pthread_mutex_lock(left); /* REPORTED */
    if (result == EOWNERDEAD)
        pthread_mutex_consistent(left);
    pthread_mutex_unlock(left);
}

static int killed_owner(void) {
    pid_t owner = start(take_left_and_stay);
    await(0);
    kill(owner, SIGKILL);
    end_of(owner);
    pid_t waiter = start(want_left);
    return end_of(waiter);
}

static int killed_owner_waited_for(void) {
    pid_t owner = start(take_left_and_stay);
    await(0);
    pid_t waiter = start(want_left);
    await(1);
    usleep(50000); /* so that it waits already, mostly; the knot is the same when it does not */
    kill(owner, SIGKILL);
    end_of(owner);
    return end_of(waiter);
}

static const struct {
    const char *name;
    int (*run)(void);
    int how;
} cases[] = {
    {"two_orders", two_orders, 0},
    {"two_orders_robust", two_orders, ROBUST},
    {"two_orders_segment", two_orders, SEGMENT},
    {"two_orders_outside", two_orders_outside, 0},
    {"one_order", one_order, 0},
    {"one_order_robust", one_order, ROBUST},
    {"one_order_segment", one_order, SEGMENT},
    {"timed_order", timed_order, 0},
    {"three_orders", three_orders, 0},
    {"through_a_thread", through_a_thread, 0},
    {"killed_owner", killed_owner, 0},
    {"killed_owner_waited_for", killed_owner_waited_for, 0},
    {"killed_robust_owner", killed_owner, ROBUST},
    {"killed_robust_owner_waited_for", killed_owner_waited_for, ROBUST},
};

int main(int argc, char **argv) {
    for (size_t i = 0; argc == 2 && i < sizeof cases / sizeof *cases; i++)
        if (strcmp(argv[1], cases[i].name) == 0) {
            make_shared(cases[i].how);
            return cases[i].run();
        }
    return 2;
}
