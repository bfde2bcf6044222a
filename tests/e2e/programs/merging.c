/* Runs that each have one lock order, for `gordian merge`.
 *
 *     merging MODE
 *
 * ab, ba, bc, ca        one of three threads takes two locks; the others run beside it
 * gate_ab, gate_ba      the same below another lock
 * main_ab, main_ba      main does, beside an idle thread
 * early_ab, late_ba     a worker does and is joined; main does after it has joined the worker
 * pool_ab, pool_ba, pool_bc  one of two threads that were created by the same line
 * single_ab, single_ba  the only thread that the same line creates
 * turns_ab, turns_ba    the second of two threads that this line creates one after the other
 * heap_ab, heap_ba      as ab and ba, with locks of the heap
 * processes             two children take two locks in a shared file, one after the other
 * accounts              two threads take two accounts each, of two classes, in two orders
 * nested                two threads take two locks of one class, by address and against it
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef OTHER_BUILD
/* Another layout: every address is another one. */
pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER;
char padding[4096] = {1};
static void unused(void) {
    padding[0]++;
}
#endif

pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;
#ifndef OTHER_BUILD
pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER;
#endif
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;

struct order {
    pthread_mutex_t *outer, *first, *second; /* all may be NULL */
};

static void take(const struct order *order) {
    if (order->outer)
        pthread_mutex_lock(order->outer);
    if (order->first)
        pthread_mutex_lock(order->first);
    if (order->second) {
        pthread_mutex_lock(order->second);
        pthread_mutex_unlock(order->second);
    }
    if (order->first)
        pthread_mutex_unlock(order->first);
    if (order->outer)
        pthread_mutex_unlock(order->outer);
}

static void *work(void *order) {
    take(order);
    return NULL;
}

static void *left(void *order) {
    take(order);
    pthread_barrier_wait(&both);
    pthread_barrier_wait(&both);
    return NULL;
}

static void *right(void *order) {
    pthread_barrier_wait(&both);
    take(order);
    pthread_barrier_wait(&both);
    return NULL;
}

static void *third(void *order) {
    pthread_barrier_wait(&both);
    pthread_barrier_wait(&both);
    take(order);
    return NULL;
}

/* One after the other, and all there at the same time. */
static void threads(struct order *of_left, struct order *of_right, struct order *of_third) {
    pthread_t one, two, three;
    pthread_barrier_init(&both, NULL, 3);
    pthread_create(&one, NULL, left, of_left);
    pthread_create(&two, NULL, right, of_right);
    pthread_create(&three, NULL, third, of_third);
    pthread_join(one, NULL);
    pthread_join(two, NULL);
    pthread_join(three, NULL);
}

static struct order nothing;

static void by_main(struct order *order) {
    pthread_t idle;
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&idle, NULL, left, &nothing);
    take(order);
    pthread_barrier_wait(&both);
    pthread_barrier_wait(&both);
    pthread_join(idle, NULL);
}

static void early_or_late(struct order *early, struct order *late) {
    pthread_t worker, idle;
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&idle, NULL, right, &nothing);
    pthread_create(&worker, NULL, work, early);
    pthread_join(worker, NULL);
    take(late);
    pthread_barrier_wait(&both);
    pthread_barrier_wait(&both);
    pthread_join(idle, NULL);
}

static void pool(struct order *order, int size) {
    pthread_t threads[2];
    struct order *orders[2] = {order, &nothing};
    pthread_barrier_init(&both, NULL, (unsigned)size);
    for (int i = 0; i < size; i++)
        pthread_create(&threads[i], NULL, left, orders[i]);
    for (int i = 0; i < size; i++)
        pthread_join(threads[i], NULL);
}

static void turns(struct order *order) {
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, work, i ? order : &nothing);
        pthread_join(thread, NULL);
    }
}

static __attribute__((noinline)) pthread_mutex_t *new_lock(void) {
    pthread_mutex_t *lock = malloc(sizeof *lock);
    pthread_mutex_init(lock, NULL);
    return lock;
}

static __attribute__((noinline)) pthread_mutex_t *new_account(void) {
    pthread_mutex_t *lock = malloc(sizeof *lock);
    pthread_mutex_init(lock, NULL);
    return lock;
}

/* Two children that are there at the same time; the pipes make the one go after the other. */
static void processes(void) {
    pthread_mutexattr_t shared;
    char path[] = "/tmp/merging.XXXXXX";
    int fd = mkstemp(path), done[2], end[2];
    if (fd < 0 || ftruncate(fd, 4096) < 0 || pipe(done) < 0 || pipe(end) < 0)
        exit(1);
    pthread_mutex_t *locks = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&locks[0], &shared);
    pthread_mutex_init(&locks[1], &shared);
    unlink(path);
    for (int i = 0; i < 2; i++) {
        if (fork() != 0)
            continue;
        struct order order = {NULL, &locks[i], &locks[!i]};
        char byte = 0;
        if (i && read(done[0], &byte, 1) != 1)
            exit(1);
        take(&order);
        if (write(i ? end[1] : done[1], &byte, 1) != 1 || (!i && read(end[0], &byte, 1) != 1))
            exit(1);
        exit(0);
    }
    while (wait(NULL) > 0)
        ;
}

static void accounts(void) {
    pthread_mutex_t *alice = new_account(), *bob = new_account();
    pthread_mutex_t *one = new_lock(), *other = new_lock();
    threads(&(struct order){NULL, alice, one}, &(struct order){NULL, other, bob}, &nothing);
}

static void nested(void) {
    pthread_mutex_t *locks = malloc(4 * sizeof *locks);
    for (int i = 0; i < 4; i++)
        pthread_mutex_init(&locks[i], NULL);
    threads(&(struct order){NULL, &locks[0], &locks[1]}, &(struct order){NULL, &locks[3], &locks[2]},
            &nothing);
}

int main(int argc, char **argv) {
    const char *mode = argc > 1 ? argv[1] : "", *pair = strrchr(mode, '_');
    pair = pair ? pair + 1 : mode;
    struct order order = {NULL, &a, &b};
    if (strcmp(pair, "ba") == 0)
        order = (struct order){NULL, &b, &a};
    if (strcmp(pair, "bc") == 0)
        order = (struct order){NULL, &b, &c};
    if (strcmp(pair, "ca") == 0)
        order = (struct order){NULL, &c, &a};
    if (strncmp(mode, "gate_", 5) == 0)
        order.outer = &gate;
    if (strncmp(mode, "heap_", 5) == 0) {
        static pthread_mutex_t *one, *other;
        one = new_lock(), other = new_account();
        order = strcmp(pair, "ab") == 0 ? (struct order){NULL, one, other} : (struct order){NULL, other, one};
    }
#ifdef OTHER_BUILD
    unused();
#endif
    struct order *orders[3] = {&nothing, &nothing, &nothing};
    orders[strcmp(pair, "ab") == 0 ? 0 : strcmp(pair, "ca") == 0 ? 2 : 1] = &order;
    if (strlen(mode) == 2 || order.outer || strncmp(mode, "heap_", 5) == 0)
        threads(orders[0], orders[1], orders[2]);
    else if (strncmp(mode, "main_", 5) == 0)
        by_main(&order);
    else if (strcmp(mode, "early_ab") == 0 || strcmp(mode, "late_ba") == 0)
        early_or_late(orders[0], orders[1]);
    else if (strncmp(mode, "pool_", 5) == 0 || strncmp(mode, "single_", 7) == 0)
        pool(&order, *mode == 'p' ? 2 : 1);
    else if (strncmp(mode, "turns_", 6) == 0)
        turns(&order);
    else if (strcmp(mode, "processes") == 0)
        processes();
    else if (strcmp(mode, "accounts") == 0)
        accounts();
    else if (strcmp(mode, "nested") == 0)
        nested();
    else
        return 2;
    return 0;
}
