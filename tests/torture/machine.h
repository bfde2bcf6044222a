/* Running a program: its threads, its locks, and how the threads wait for each other. */
#ifndef GORDIAN_TESTS_TORTURE_MACHINE_H
#define GORDIAN_TESTS_TORTURE_MACHINE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <threads.h>

#include "tests/torture/any_lock.h"
#include "tests/torture/program.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One thread of the program. */
struct worker {
    struct machine *machine;
    uint32_t index;
    uint64_t sum; /* of what its calls returned */
    pthread_t handle;
};

/* What is sent from one item's thread to its other one. Each item has its own. */
struct message {
    pthread_mutex_t mutex;
    pthread_cond_t condition; /* of CLOCK_MONOTONIC in every second item */
    mtx_t mtx;
    cnd_t cnd;
    sem_t semaphore;
    pthread_barrier_t barrier;
    sem_t answer;
    uint32_t sent; /* messages that were not received */
};

struct machine {
    struct program *program;
    struct worker workers[PROGRAM_THREADS];
    struct any_lock locks[PROGRAM_LOCKS]; /* a thread takes them in the order of their indices */
    struct message *messages;             /* one for each item */
    const char *self;                     /* path of this program */
    uint64_t children_sum;                /* of threads that the items made, added atomically */
};

/* How an item of this kind is done. */
struct act {
    const char *name;
    uint32_t weight;
    void (*first)(struct worker *worker, const struct item *item, struct dice *dice);
    void (*second)(struct worker *worker, const struct item *item, struct dice *dice); /* NULL: one thread */
};

extern const struct act acts[], plants[];
extern const uint32_t acts_count, plants_count;

/* Make the locks of the knot. `seed`: its item's. */
void plants_init(const struct act *plant, uint64_t seed);

/* The finding that the knot must give: "KIND SHAPE LOCK...", the locks sorted. */
const char *plants_expectation(const struct act *plant);

/* Whether it needs that everything else has ended. */
bool plants_comes_last(const struct act *plant);

/* What the acts table has in other files than its own. */
void act_child(struct worker *worker, const struct item *item, struct dice *dice);
void act_ordered(struct worker *worker, const struct item *item, struct dice *dice);
void act_cancel(struct worker *worker, const struct item *item, struct dice *dice);
void act_robust(struct worker *worker, const struct item *item, struct dice *dice);
void act_signal(struct worker *worker, const struct item *item, struct dice *dice);
void act_storm(struct worker *worker, const struct item *item, struct dice *dice);
void act_stormed(struct worker *worker, const struct item *item, struct dice *dice);
void act_context(struct worker *worker, const struct item *item, struct dice *dice);
void act_jump(struct worker *worker, const struct item *item, struct dice *dice);
void act_fork(struct worker *worker, const struct item *item, struct dice *dice);
void act_shared(struct worker *worker, const struct item *item, struct dice *dice);
void act_plugin(struct worker *worker, const struct item *item, struct dice *dice);
void act_throw(struct worker *worker, const struct item *item, struct dice *dice);

/* Waits for ever and is cancelled: C++ destructors and a handler of everything lie on the way. */
void *unwinding_victim(void *mutex_and_condition);

/* Run it to its end and print its result. `self`: the path of this program. */
void machine_run(struct program *program, const char *self);

/* The first thread sends, the other receives, in the way that the dice decide. Both throw the same dice. */
void machine_send(struct worker *worker, const struct item *item, struct dice *dice);
void machine_receive(struct worker *worker, const struct item *item, struct dice *dice);

/* The second thread answers, the first waits for it. */
void machine_answer(struct worker *worker, const struct item *item);
void machine_await_answer(struct worker *worker, const struct item *item);

/* Take some locks in order, nested in each other, use and release them. */
void machine_nest(struct worker *worker, struct dice *dice);
/* The same of locks from index `from` on, from a depth. */
void machine_nest_from(struct worker *worker, struct dice *dice, uint32_t from, uint32_t depth);

/* Make a thread of a random kind (stack, detached state) that runs it. */
pthread_t machine_thread(void *(*run)(void *), void *argument, struct dice *dice);

/* Join it by one of the calls. Returns its result. */
void *machine_join(pthread_t thread, struct dice *dice);

/* Add to the result, from any thread. */
void machine_add(struct machine *machine, uint64_t value);

/* Does not return when the command line is that of an item's part that runs in a process of its own. */
void machine_helper(int argc, char **argv);

#ifdef __cplusplus
}
#endif

#endif
