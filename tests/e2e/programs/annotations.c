/* annotations CASE: what include/gordian.h lets a program say. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "include/gordian.h"
#include "tests/e2e/programs/turns.h"

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER;
static int token;

static void nest(pthread_mutex_t *outer, pthread_mutex_t *inner) {
    pthread_mutex_lock(outer);
    pthread_mutex_lock(inner);
    pthread_mutex_unlock(inner);
    pthread_mutex_unlock(outer);
}

static void *in_order(void *unused) {
    nest(&first, &second);
    return unused;
}

static void *against_order(void *unused) {
    nest(&second, &first);
    return unused;
}

struct part {
    void *(*work)(void *);
    long turn;
};

static void *play(void *argument) {
    const struct part *part = argument;
    turns_wait(part->turn);
    part->work(NULL);
    turns_pass();
    return NULL;
}

/* Each in a thread of its own, one after the other, and unordered for gordian. */
static void run(void *(*one)(void *), void *(*other)(void *)) {
    static long next;
    struct part parts[2] = {{one, next}, {other, next + 1}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, play, &parts[i]);
    if (next == 0)
        turns_pass();
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    next += 2;
}

/* ---- names ---- */

static void names(void) {
    GORDIAN_NAME_LOCK(&first, "accounts");
    GORDIAN_NAME_LOCK(&second, "a name that is lost");
    GORDIAN_NAME_LOCK(&second, "audit \"log\"\n<b>");
    run(in_order, against_order);
}

static void name_taken_away(void) {
    GORDIAN_NAME_LOCK(&first, "accounts");
    GORDIAN_NAME_LOCK(&first, NULL);
    run(in_order, against_order);
}

static void name_of_another(void) {
    pthread_mutex_init(&first, NULL);
    GORDIAN_NAME_LOCK(&first, "accounts");
    pthread_mutex_destroy(&first);
    pthread_mutex_init(&first, NULL);
    run(in_order, against_order);
}

static void name_before_init(void) {
    GORDIAN_NAME_LOCK(&first, "accounts");
    pthread_mutex_init(&first, NULL);
    run(in_order, against_order);
}

static void name_later(void) {
    nest(&first, &second);
    run(in_order, in_order);
    GORDIAN_NAME_LOCK(&first, "accounts");
    run(against_order, against_order);
    run(in_order, against_order);
}

static void long_name(void) {
    char name[1000];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    GORDIAN_NAME_LOCK(&first, name);
    run(in_order, against_order);
}

/* As many as make the tables grow, and each gone again. */
static void many_names(void) {
    enum { COUNT = 5000 };
    pthread_mutex_t *locks = calloc(COUNT, sizeof *locks);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++) {
            char name[32];
            snprintf(name, sizeof name, "lock %d", i);
            pthread_mutex_init(&locks[i], NULL);
            GORDIAN_NAME_LOCK(&locks[i], name);
        }
        for (int i = 0; round < 2 && i < COUNT; i++)
            pthread_mutex_destroy(&locks[i]);
    }
    first = locks[COUNT - 1]; /* only to be looked at */
    pthread_mutex_lock(&locks[17]);
    GORDIAN_ASSERT_NOT_HELD(&locks[17]);
    pthread_mutex_unlock(&locks[17]);
    free(locks);
}

/* ---- assertions ---- */

static void *hold_first(void *unused) {
    pthread_mutex_lock(&first);
    turns_pass();
    turns_wait(1);
    pthread_mutex_unlock(&first);
    return unused;
}

static void all_hold(void) {
    GORDIAN_ASSERT_NONE_HELD();
    GORDIAN_ASSERT_NOT_HELD(&first);
    pthread_mutex_lock(&first);
    GORDIAN_ASSERT_HELD(&first);
    GORDIAN_ASSERT_NOT_HELD(&second);
    pthread_rwlock_rdlock(&table);
    GORDIAN_ASSERT_HELD(&table);
    pthread_rwlock_unlock(&table);
    pthread_mutex_unlock(&first);
    GORDIAN_GATE_ENTER(&token);
    GORDIAN_ASSERT_NONE_HELD();
    GORDIAN_GATE_LEAVE(&token);
    sem_t signal;
    sem_init(&signal, 0, 1);
    sem_wait(&signal);
    GORDIAN_ASSERT_NONE_HELD();
    sem_destroy(&signal);
    GORDIAN_ASSERT_NONE_HELD();
}

static void not_held_by_anyone(void) {
    pthread_mutex_lock(&first);
    pthread_mutex_unlock(&first);
    GORDIAN_ASSERT_HELD(&first); /* ASSERTED */
}

static void never_locked(void) {
    for (int i = 0; i < 3; i++)
        GORDIAN_ASSERT_HELD(&first); /* ASSERTED */
}

static void held_by_another(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, hold_first, NULL);
    turns_wait(0);
    GORDIAN_ASSERT_HELD(&first); /* ASSERTED */
    turns_pass();
    pthread_join(thread, NULL);
}

static void held_itself(void) {
    pthread_rwlock_rdlock(&table);
    GORDIAN_ASSERT_NOT_HELD(&table); /* ASSERTED */
    pthread_rwlock_unlock(&table);
}

static void holds_two(void) {
    pthread_mutex_lock(&first);
    pthread_rwlock_wrlock(&table);
    GORDIAN_ASSERT_NONE_HELD(); /* ASSERTED */
    pthread_rwlock_unlock(&table);
    pthread_mutex_unlock(&first);
}

static void errno_is_kept(void) {
    errno = 4711;
    GORDIAN_NAME_LOCK(&first, "accounts");
    GORDIAN_ASSERT_HELD(&first); /* ASSERTED */
    GORDIAN_GATE_ENTER(&token);
    GORDIAN_GATE_LEAVE(&token);
    GORDIAN_EPOCH_RESET();
    if (errno != 4711)
        puts("errno was changed");
}

/* ---- gates ---- */

static void *in_order_gated(void *unused) {
    GORDIAN_GATE_ENTER(&token);
    GORDIAN_GATE_ENTER(&token); /* once more */
    nest(&first, &second);
    GORDIAN_GATE_LEAVE(&token);
    nest(&first, &second);
    GORDIAN_GATE_LEAVE(&token);
    return unused;
}

static void *against_order_gated(void *unused) {
    GORDIAN_GATE_ENTER(&token);
    nest(&second, &first);
    GORDIAN_GATE_LEAVE(&token);
    return unused;
}

static void gate(void) {
    run(in_order_gated, against_order_gated);
}

static void gate_of_one_alone(void) {
    run(in_order, against_order_gated);
}

/* The object of the gate is the very lock that is taken in it. */
static void *in_order_gated_by_lock(void *unused) {
    GORDIAN_GATE_ENTER(&first);
    nest(&first, &second);
    GORDIAN_GATE_LEAVE(&first);
    return unused;
}

static void *against_order_gated_by_lock(void *unused) {
    GORDIAN_GATE_ENTER(&first);
    nest(&second, &first);
    GORDIAN_GATE_LEAVE(&first);
    return unused;
}

static void gate_is_lock(void) {
    run(in_order_gated_by_lock, against_order_gated_by_lock);
}

static void *stay_in_gate(void *barrier) {
    GORDIAN_GATE_ENTER(&token);
    pthread_barrier_wait(barrier);
    pthread_barrier_wait(barrier);
    GORDIAN_GATE_LEAVE(&token);
    return NULL;
}

static void gate_broken(void) {
    pthread_barrier_t barrier;
    pthread_t thread;
    GORDIAN_NAME_LOCK(&token, "startup");
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, stay_in_gate, &barrier);
    pthread_barrier_wait(&barrier);
    GORDIAN_GATE_ENTER(&token); /* ASSERTED */
    GORDIAN_GATE_LEAVE(&token);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&barrier);
}

static void gate_not_entered(void) {
    GORDIAN_GATE_LEAVE(&token); /* ASSERTED */
}

/* ---- epochs ---- */

static void no_epoch(void) {
    run(in_order, against_order);
}

static void *reset_and_against_order(void *unused) {
    GORDIAN_EPOCH_RESET();
    return against_order(unused);
}

static void epoch(void) {
    run(in_order, reset_and_against_order);
}

static void epoch_and_both_again(void) {
    run(in_order, reset_and_against_order);
    run(in_order, against_order);
}

static void found_before_epoch(void) {
    run(in_order, against_order);
    GORDIAN_EPOCH_RESET();
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    {"names", names},
    {"name_taken_away", name_taken_away},
    {"name_of_another", name_of_another},
    {"name_before_init", name_before_init},
    {"name_later", name_later},
    {"long_name", long_name},
    {"many_names", many_names},
    {"all_hold", all_hold},
    {"not_held_by_anyone", not_held_by_anyone},
    {"never_locked", never_locked},
    {"held_by_another", held_by_another},
    {"held_itself", held_itself},
    {"holds_two", holds_two},
    {"errno_is_kept", errno_is_kept},
    {"gate", gate},
    {"gate_of_one_alone", gate_of_one_alone},
    {"gate_is_lock", gate_is_lock},
    {"gate_broken", gate_broken},
    {"gate_not_entered", gate_not_entered},
    {"no_epoch", no_epoch},
    {"epoch", epoch},
    {"epoch_and_both_again", epoch_and_both_again},
    {"found_before_epoch", found_before_epoch},
};

int main(int argc, char **argv) {
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (argc == 2 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    fprintf(stderr, "annotations: no such case\n");
    return 2;
}
