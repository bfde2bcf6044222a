/* The knots of buggy programs: each is the only thing that is wrong, and its finding is known. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/torture/machine.h"

/* The report names locks by these. */
struct any_lock planted_a, planted_b, planted_c;
sem_t planted_semaphore;
pthread_cond_t planted_condition = PTHREAD_COND_INITIALIZER;

static struct any_lock *const planted[] = {&planted_a, &planted_b, &planted_c};

static void take(struct any_lock *lock) {
    any_lock_take_plainly(lock, false);
}

static void nest_two(struct any_lock *outer, struct any_lock *inner) {
    take(outer);
    take(inner);
    any_lock_release(inner);
    any_lock_release(outer);
}

/* ---- one schedule away ---- */

static void ab_then_send(struct worker *worker, const struct item *item, struct dice *dice) {
    nest_two(&planted_a, &planted_b);
    machine_send(worker, item, dice);
}

static void receive_then_ba(struct worker *worker, const struct item *item, struct dice *dice) {
    machine_receive(worker, item, dice);
    nest_two(&planted_b, &planted_a);
}

/* A reader waits for a writer. */
static void readers_ab(struct worker *worker, const struct item *item, struct dice *dice) {
    any_lock_take_plainly(&planted_a, true);
    take(&planted_b);
    any_lock_release(&planted_b);
    any_lock_release(&planted_a);
    machine_send(worker, item, dice);
}

static void readers_ba(struct worker *worker, const struct item *item, struct dice *dice) {
    machine_receive(worker, item, dice);
    any_lock_take_plainly(&planted_b, true);
    take(&planted_a);
    any_lock_release(&planted_a);
    any_lock_release(&planted_b);
}

struct one_of_three {
    uint32_t index;
    sem_t turn;
    struct one_of_three *next;
    pthread_barrier_t *together;
};

static void *takes_in_turn(void *argument) {
    struct one_of_three *one = argument;
    while (sem_wait(&one->turn) != 0)
        any_lock_must(errno == EINTR ? 0 : errno, "sem_wait");
    nest_two(planted[one->index], planted[(one->index + 1) % 3]);
    sem_post(&one->next->turn);
    return NULL;
}

static void *takes_together(void *argument) {
    struct one_of_three *one = argument;
    take(planted[one->index]);
    pthread_barrier_wait(one->together);
    take(planted[(one->index + 1) % 3]);
    return NULL;
}

static void three(void *(*run)(void *)) {
    struct one_of_three ring[3];
    pthread_barrier_t together;
    pthread_t threads[3];
    pthread_barrier_init(&together, NULL, 3);
    for (uint32_t i = 0; i < 3; i++) {
        ring[i] = (struct one_of_three){.index = i, .next = &ring[(i + 1) % 3], .together = &together};
        sem_init(&ring[i].turn, 0, 0);
    }
    for (uint32_t i = 0; i < 3; i++)
        any_lock_must(pthread_create(&threads[i], NULL, run, &ring[i]), "pthread_create");
    sem_post(&ring[0].turn);
    for (uint32_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}

static void three_in_turn(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)worker, (void)item, (void)dice;
    three(takes_in_turn);
}

static void handler(int number) {
    (void)number;
    take(&planted_a);
    any_lock_release(&planted_a);
}

static void in_handler(struct worker *worker, const struct item *item, struct dice *dice) {
    struct sigaction action = {.sa_handler = handler};
    (void)worker, (void)item, (void)dice;
    any_lock_must(sigaction(SIGALRM, &action, NULL) ? errno : 0, "sigaction");
    raise(SIGALRM);
    take(&planted_a);
    any_lock_release(&planted_a);
}

/* ---- it happens ---- */

static void holds_a_wants_b(struct worker *worker, const struct item *item, struct dice *dice) {
    take(&planted_a);
    machine_send(worker, item, dice);
    machine_await_answer(worker, item);
    take(&planted_b);
}

static void holds_b_wants_a(struct worker *worker, const struct item *item, struct dice *dice) {
    machine_receive(worker, item, dice);
    take(&planted_b);
    machine_answer(worker, item);
    take(&planted_a);
}

static void three_together(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)worker, (void)item, (void)dice;
    three(takes_together);
}

static void twice(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)worker, (void)item, (void)dice;
    any_lock_take_plainly(&planted_a, true);
    take(&planted_a);
}

static void *takes_a(void *argument) {
    take(&planted_a);
    return argument;
}

static void joins(struct worker *worker, const struct item *item, struct dice *dice) {
    pthread_t thread;
    (void)worker, (void)item, (void)dice;
    take(&planted_a);
    any_lock_must(pthread_create(&thread, NULL, takes_a, NULL), "pthread_create");
    pthread_join(thread, NULL);
}

static void leaves_locked(struct worker *worker, const struct item *item, struct dice *dice) {
    pthread_t thread;
    (void)worker, (void)item, (void)dice;
    any_lock_must(pthread_create(&thread, NULL, takes_a, NULL), "pthread_create");
    pthread_join(thread, NULL);
}

static void orphaned(struct worker *worker, const struct item *item, struct dice *dice) {
    leaves_locked(worker, item, dice);
    take(&planted_a);
}

static void lost_wakeup(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)worker, (void)item, (void)dice;
    /* A handler might end the wait. */
    for (int number = 1; number <= SIGRTMAX; number++)
        signal(number, SIG_DFL);
    take(&planted_a);
    for (;;)
        pthread_cond_wait(&planted_condition, &planted_a.mutex);
}

/* ---- misuse ---- */

static void held_by_the_first(struct worker *worker, const struct item *item, struct dice *dice) {
    take(&planted_a);
    machine_send(worker, item, dice);
    machine_await_answer(worker, item);
}

static void unlocked_by_the_second(struct worker *worker, const struct item *item, struct dice *dice) {
    machine_receive(worker, item, dice);
    any_lock_release(&planted_a);
    machine_answer(worker, item);
}

static void unlocks_twice(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)item, (void)dice;
    take(&planted_a);
    any_lock_release(&planted_a);
    worker->sum += (uint64_t)pthread_mutex_unlock(&planted_a.mutex);
}

static void relocks(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)item, (void)dice;
    take(&planted_a);
    worker->sum += (uint64_t)pthread_mutex_lock(&planted_a.mutex);
    any_lock_release(&planted_a);
}

static void destroys_locked(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)item, (void)dice;
    take(&planted_a);
    worker->sum += (uint64_t)pthread_mutex_destroy(&planted_a.mutex);
    any_lock_release(&planted_a);
}

static void overflows(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)item, (void)dice;
    sem_init(&planted_semaphore, 0, SEM_VALUE_MAX);
    worker->sum += (uint64_t)(sem_post(&planted_semaphore) ? errno : 0);
}

const struct act plants[] = {
    {"ab_ba", 0, ab_then_send, receive_then_ba},
    {"readers", 0, readers_ab, readers_ba},
    {"three", 0, three_in_turn, NULL},
    {"handler", 0, in_handler, NULL},
    {"held_two", 0, holds_a_wants_b, holds_b_wants_a},
    {"held_three", 0, three_together, NULL},
    {"twice", 0, twice, NULL},
    {"joins", 0, joins, NULL},
    {"left", 0, leaves_locked, NULL},
    {"orphaned", 0, orphaned, NULL},
    {"lost_wake", 0, lost_wakeup, NULL},
    {"not_owner", 0, held_by_the_first, unlocked_by_the_second},
    {"unlocked", 0, unlocks_twice, NULL},
    {"relock", 0, relocks, NULL},
    {"destroyed", 0, destroys_locked, NULL},
    {"overflow", 0, overflows, NULL},
};
const uint32_t plants_count = sizeof plants / sizeof *plants;

/* Of each plant, in the same order. */
static const struct {
    const char *expectation;
    uint32_t kinds; /* bits of the kinds that its locks may have; the first three locks get one each */
} knowledge[] = {
#define ANY_OF(kind) (1u << (kind))
#define EVERY ((1u << ANY_KINDS) - 1)
#define BLOCKING (EVERY & ~ANY_OF(ANY_SPIN))
#define UNTOLD (ANY_OF(ANY_MUTEX_NORMAL) | ANY_OF(ANY_MUTEX_ADAPTIVE))
    {"deadlock.potential cycle planted_a planted_b", EVERY},
    {"deadlock.potential cycle planted_a planted_b", ANY_OF(ANY_RWLOCK) | ANY_OF(ANY_RWLOCK_WRITERS)},
    {"deadlock.potential cycle planted_a planted_b planted_c", EVERY},
    {"deadlock.potential signal planted_a", UNTOLD},
    {"deadlock.actual cycle planted_a planted_b", EVERY},
    {"deadlock.actual cycle planted_a planted_b planted_c", EVERY},
    {"deadlock.actual self planted_a",
     UNTOLD | ANY_OF(ANY_C11) | ANY_OF(ANY_RWLOCK) | ANY_OF(ANY_RWLOCK_WRITERS)},
    {"deadlock.actual join planted_a", BLOCKING},
    {"misuse.exit_holding none planted_a", UNTOLD | ANY_OF(ANY_MUTEX_ERRORCHECK) | ANY_OF(ANY_C11)},
    {"deadlock.actual orphaned planted_a", UNTOLD | ANY_OF(ANY_MUTEX_ERRORCHECK) | ANY_OF(ANY_C11)},
    {"hang.all_blocked none planted_condition", ANY_OF(ANY_MUTEX_NORMAL)},
    {"misuse.unlock_not_owner none planted_a", UNTOLD},
    {"misuse.unlock_unlocked none planted_a", UNTOLD | ANY_OF(ANY_MUTEX_ERRORCHECK)},
    {"misuse.relock none planted_a", ANY_OF(ANY_MUTEX_ERRORCHECK)},
    {"misuse.destroy_locked none planted_a", UNTOLD | ANY_OF(ANY_MUTEX_ERRORCHECK)},
    {"misuse.sem_overflow none planted_semaphore", EVERY},
};
_Static_assert(sizeof knowledge / sizeof *knowledge == sizeof plants / sizeof *plants, "one for each plant");

void plants_init(const struct act *plant, uint64_t seed) {
    struct dice dice = {~seed};
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t kind;
        do
            kind = dice_throw(&dice, ANY_KINDS);
        while (!(knowledge[plant - plants].kinds >> kind & 1));
        any_lock_init(planted[i], (enum any_lock_kind)kind);
    }
}

const char *plants_expectation(const struct act *plant) {
    return knowledge[plant - plants].expectation;
}

/* A wake-up is lost for good when nobody is left. */
bool plants_comes_last(const struct act *plant) {
    return plant->first == lost_wakeup;
}
