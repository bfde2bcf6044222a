/* Waiters that others overtake, and what locks cost. To be run with starvation_overtakes=100 and
 * starvation_ms=50. */
#define _GNU_SOURCE
#include <signal.h>

#include "tests/e2e/programs/kinds.h"

enum { MANY = 400, FEW = 20, LONG_MS = 150 };

static pthread_rwlock_t book = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static struct actor *waiter;
static int reader_turn = -1, readers_stop, let_waiter_go;

static void wait_ns(int64_t ns) {
    for (int64_t end = clock_ns() + ns; clock_ns() < end;)
        sched_yield();
}

/* ---- a writer, by readers ---- */

/* Two readers in turns: one lets go and comes back while the other reads. So there always is one. */
static void read_in_turns(int self) {
    pthread_rwlock_rdlock(&book);
    reach();
    for (int turn = self;; turn += 2) {
        while (__atomic_load_n(&reader_turn, __ATOMIC_RELAXED) < turn) {
            if (__atomic_load_n(&readers_stop, __ATOMIC_RELAXED)) {
                pthread_rwlock_unlock(&book);
                return;
            }
            sched_yield();
        }
        pthread_rwlock_unlock(&book);
        pthread_rwlock_rdlock(&book); /* REPORTED: holds book */
        __atomic_fetch_add(&reader_turn, 1, __ATOMIC_RELAXED);
    }
}

static void read_first(void) {
    read_in_turns(0);
}

static void read_second(void) {
    read_in_turns(1);
}

static void write_once(void) {
    pthread_rwlock_wrlock(&book); /* REPORTED: wants book */
    pthread_rwlock_unlock(&book);
}

static void overtake_writer(int turns, int ms) {
    struct actor *readers[] = {start(read_first), start(read_second)};
    await(2);
    waiter = start(write_once);
    AWAIT_BLOCKED(waiter, &book);
    __atomic_store_n(&reader_turn, 0, __ATOMIC_RELAXED);
    int64_t end = clock_ns() + ms * (int64_t)1000000;
    while (__atomic_load_n(&reader_turn, __ATOMIC_RELAXED) < turns || clock_ns() < end)
        sched_yield();
    __atomic_store_n(&readers_stop, 1, __ATOMIC_RELAXED);
    finish(readers[0]);
    finish(readers[1]);
    finish(waiter);
}

static void writer_by_readers(void) {
    overtake_writer(MANY, LONG_MS);
}

/* ---- a thread that is kept from running, by one that takes the lock again and again ---- */

static void sleep_in_handler(int number) {
    (void)number;
    while (!__atomic_load_n(&let_waiter_go, __ATOMIC_RELAXED))
        sched_yield();
}

static void take_left(void) {
    pthread_mutex_lock(&left); /* REPORTED: wants left */
    pthread_mutex_unlock(&left);
}

static void overtake(int times, int ms) {
    struct sigaction action = {.sa_handler = sleep_in_handler};
    sigemptyset(&action.sa_mask);
    REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
    pthread_mutex_lock(&left);
    waiter = start(take_left);
    AWAIT_BLOCKED(waiter, &left);
    /* It waits, and while its handler runs it cannot have the lock. */
    pthread_kill(waiter->thread, SIGUSR1);
    while (is_blocked(waiter->tid, SYS_futex, &left, sizeof left))
        sched_yield();
    for (int i = 0; i < times; i++) {
        pthread_mutex_unlock(&left);
        pthread_mutex_lock(&left); /* REPORTED: holds left */
        wait_ns(ms * (int64_t)1000000 / times);
    }
    pthread_mutex_unlock(&left);
    __atomic_store_n(&let_waiter_go, 1, __ATOMIC_RELAXED);
    finish(waiter);
}

static void often_and_long(void) {
    overtake(MANY, LONG_MS);
}

static void long_but_not_often(void) {
    overtake(FEW, LONG_MS);
}

static void often_but_not_long(void) {
    overtake(MANY, 0);
}

/* ---- nobody overtakes ---- */

static void take_right_often(void) {
    for (int i = 0; i < MANY; i++) {
        pthread_mutex_lock(&right);
        pthread_mutex_unlock(&right);
    }
}

/* Others are busy with another lock, and the holder is slow. */
static void slow_holder(void) {
    pthread_mutex_lock(&left);
    waiter = start(take_left);
    AWAIT_BLOCKED(waiter, &left);
    take_right_often();
    wait_ns(LONG_MS * (int64_t)1000000);
    pthread_mutex_unlock(&left);
    finish(waiter);
}

/* ---- what locks cost ---- */

/* 1002 acquisitions of left, of which one waits for as long as another has it; right is taken 400 times in
 * peace. */
static void profiled(void) {
    slow_holder();
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&left);
        pthread_mutex_unlock(&left);
    }
}

static const struct scenario scenarios[] = {
    {"writer_by_readers", writer_by_readers},
    {"often_and_long", often_and_long},
    {"long_but_not_often", long_but_not_often},
    {"often_but_not_long", often_but_not_long},
    {"slow_holder", slow_holder},
    {"profiled", profiled},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
