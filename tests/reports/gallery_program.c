/* A program with findings of many shapes, one after the other, for the pages that are made of them:
 * gallery_program [live]. None of its threads hangs, but with "live" main locks the same lock twice at the
 * end. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORKS 5

static pthread_mutex_t forks[FORKS] = {[0 ... FORKS - 1] = PTHREAD_MUTEX_INITIALIZER};
static pthread_mutex_t ledger = PTHREAD_MUTEX_INITIALIZER, journal = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER, shelf = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t till = PTHREAD_MUTEX_INITIALIZER, vault = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t rung = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t prices = PTHREAD_RWLOCK_INITIALIZER;
/* What a page must not take for its own. */
static pthread_mutex_t odd __asm__("\"<img src=x onerror=alert(1)>\"") = PTHREAD_MUTEX_INITIALIZER;

static void in_thread(void *(*start)(void *), void *argument, const char *name) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, start, argument) != 0)
        abort();
    pthread_setname_np(thread, name);
    pthread_join(thread, NULL);
}

static void take_both(pthread_mutex_t *first, pthread_mutex_t *second) {
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

/* Two threads that are there at once, and take two locks in turn: no order of threads keeps them apart. */
struct turn {
    void (*act[2])(void);
    pthread_barrier_t barrier;
};

static void *first_turn(void *argument) {
    struct turn *turn = argument;
    pthread_barrier_wait(&turn->barrier);
    turn->act[0]();
    pthread_barrier_wait(&turn->barrier);
    pthread_barrier_wait(&turn->barrier);
    return NULL;
}

static void *second_turn(void *argument) {
    struct turn *turn = argument;
    pthread_barrier_wait(&turn->barrier);
    pthread_barrier_wait(&turn->barrier);
    turn->act[1]();
    pthread_barrier_wait(&turn->barrier);
    return NULL;
}

static void in_turns(void (*first)(void), void (*second)(void), const char *one, const char *other) {
    struct turn turn = {.act = {first, second}};
    pthread_t threads[2];
    pthread_barrier_init(&turn.barrier, NULL, 2);
    if (pthread_create(&threads[0], NULL, first_turn, &turn) != 0 ||
        pthread_create(&threads[1], NULL, second_turn, &turn) != 0)
        abort();
    pthread_setname_np(threads[0], one);
    pthread_setname_np(threads[1], other);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    pthread_barrier_destroy(&turn.barrier);
}

static void post_entry(void) {
    take_both(&ledger, &journal);
}

static void audit_entry(void) {
    pthread_mutex_lock(&journal);
    pthread_mutex_lock(&ledger);
    pthread_mutex_unlock(&ledger);
    pthread_mutex_unlock(&journal);
}

static void read_prices(void) {
    pthread_rwlock_rdlock(&prices);
    pthread_mutex_lock(&odd);
    pthread_mutex_unlock(&odd);
    pthread_rwlock_unlock(&prices);
}

static void set_prices(void) {
    pthread_mutex_lock(&odd);
    pthread_rwlock_wrlock(&prices);
    pthread_rwlock_unlock(&prices);
    pthread_mutex_unlock(&odd);
}

/* Both orders, but one at a time: a cycle that is no deadlock. */
static void gated_left(void) {
    pthread_mutex_lock(&gate);
    take_both(&left, &right);
    pthread_mutex_unlock(&gate);
}

static void gated_right(void) {
    pthread_mutex_lock(&gate);
    take_both(&right, &left);
    pthread_mutex_unlock(&gate);
}

/* Philosophers who are at the table together and eat one after the other. */
static pthread_barrier_t table;
static pthread_mutex_t turn_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static size_t turn_of;

static void *philosopher(void *argument) {
    size_t place = (size_t)argument;
    pthread_barrier_wait(&table);
    pthread_mutex_lock(&turn_lock);
    while (turn_of != place)
        pthread_cond_wait(&turn_changed, &turn_lock);
    pthread_mutex_unlock(&turn_lock);
    take_both(&forks[place], &forks[(place + 1) % FORKS]);
    pthread_mutex_lock(&turn_lock);
    turn_of++;
    pthread_cond_broadcast(&turn_changed);
    pthread_mutex_unlock(&turn_lock);
    pthread_barrier_wait(&table);
    return NULL;
}

static void dine(void) {
    pthread_t threads[FORKS];
    pthread_barrier_init(&table, NULL, FORKS);
    for (size_t i = 0; i < FORKS; i++) {
        char name[16];
        snprintf(name, sizeof name, "philosopher %zu", i);
        if (pthread_create(&threads[i], NULL, philosopher, (void *)i) != 0)
            abort();
        pthread_setname_np(threads[i], name);
    }
    for (size_t i = 0; i < FORKS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&table);
}

/* Waits for a bell with a shelf locked. */
static bool rang;

static void *wait_for_bell(void *unused) {
    (void)unused;
    pthread_mutex_lock(&shelf);
    pthread_mutex_lock(&door);
    while (!rang)
        pthread_cond_wait(&rung, &door);
    pthread_mutex_unlock(&door);
    pthread_mutex_unlock(&shelf);
    return NULL;
}

static void ring(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_for_bell, NULL) != 0)
        abort();
    pthread_setname_np(thread, "doorman");
    usleep(20000);
    pthread_mutex_lock(&door);
    rang = true;
    pthread_cond_signal(&rung);
    pthread_mutex_unlock(&door);
    pthread_join(thread, NULL);
}

static void *unlock_twice(void *unused) {
    (void)unused;
    pthread_mutex_lock(&door);
    pthread_mutex_unlock(&door);
    pthread_mutex_unlock(&door);
    return NULL;
}

static void *destroy_locked(void *unused) {
    pthread_mutex_t *lock = malloc(sizeof *lock);
    (void)unused;
    if (!lock)
        abort();
    pthread_mutex_init(lock, NULL);
    pthread_mutex_lock(lock);
    pthread_mutex_destroy(lock);
    pthread_mutex_unlock(lock);
    free(lock);
    return NULL;
}

/* Wait until the thread sleeps: it is blocked then. */
static void await_sleep(pid_t tid) {
    char path[64], state = 'R';
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)tid);
    while (state != 'S') {
        FILE *file = fopen(path, "r");
        if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
            abort();
        fclose(file);
        usleep(1000);
    }
}

struct customer {
    pthread_mutex_t *counter;
    _Atomic pid_t tid;
};

static void *queue_up(void *argument) {
    struct customer *customer = argument;
    customer->tid = gettid();
    pthread_mutex_lock(customer->counter);
    pthread_mutex_unlock(customer->counter);
    return NULL;
}

/* One thread has to wait for a lock, for a while. */
static void keep_waiting(pthread_mutex_t *counter, unsigned us) {
    struct customer customer = {.counter = counter};
    pthread_t thread;
    pthread_mutex_lock(counter);
    if (pthread_create(&thread, NULL, queue_up, &customer) != 0)
        abort();
    while (!customer.tid)
        usleep(1000);
    await_sleep(customer.tid);
    usleep(us);
    pthread_mutex_unlock(counter);
    pthread_join(thread, NULL);
}

static void check_balance(void) {
    pthread_mutex_lock(&ledger);
    pthread_mutex_unlock(&ledger);
}

int main(int argc, char **argv) {
    in_turns(post_entry, audit_entry, "poster", "auditor");
    in_turns(read_prices, set_prices, "</script><b>", "a&b\"'<c>");
    in_turns(gated_left, gated_right, "lefty", "righty");
    dine();
    ring();
    keep_waiting(&till, 1000);
    keep_waiting(&vault, 30000);
    in_thread(unlock_twice, NULL, "careless");
    in_thread(destroy_locked, NULL, "sweeper");
    if (argc > 1 && strcmp(argv[1], "live") == 0) {
        pthread_mutex_lock(&ledger);
        check_balance();
    }
    return 0;
}
