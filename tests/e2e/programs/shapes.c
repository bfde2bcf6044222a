/* Shapes of locking, one after the other in time, with what must be found in each.
 *
 *   shapes list                  every shape: NAME EXPECTATION...
 *   shapes NAME TIMES THREADS    run through it TIMES times with THREADS threads
 *
 * An expectation is "none", or the names of the locks of the one potential deadlock and then "in" and the
 * functions whose REPORTED lines it must name. No shape ever blocks: its threads, all alive from the start,
 * act in turns.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/e2e/programs/shapes.h"
#include "tests/e2e/programs/turns.h"

pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER, other_gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t again = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t ring[5] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                  PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                  PTHREAD_MUTEX_INITIALIZER};
static pthread_mutex_t crowd[20000];

long shapes_times, shapes_threads;

static void lock(pthread_mutex_t *mutex) {
    pthread_mutex_lock(mutex);
}

static void unlock(pthread_mutex_t *mutex) {
    pthread_mutex_unlock(mutex);
}

/* ---- two locks in two orders ---- */

void left_right(void) {
    pthread_mutex_lock(&left);  /* REPORTED */
    pthread_mutex_lock(&right); /* REPORTED */
    unlock(&right);
    unlock(&left);
}

void right_left(void) {
    pthread_mutex_lock(&right); /* REPORTED */
    pthread_mutex_lock(&left);  /* REPORTED */
    unlock(&left);
    unlock(&right);
}

static void both_orders(void) {
    left_right();
    right_left();
}

void nothing(void) {}

static void right_then_left(void) {
    lock(&right);
    unlock(&right);
    lock(&left);
    unlock(&left);
}

static void either_order(pthread_mutex_t *first, pthread_mutex_t *second) {
    pthread_mutex_lock(first);  /* REPORTED */
    pthread_mutex_lock(second); /* REPORTED */
    unlock(second);
    unlock(first);
}

static void there(void) {
    either_order(&left, &right);
}

static void back(void) {
    either_order(&right, &left);
}

static void lower_first(pthread_mutex_t *one, pthread_mutex_t *two) {
    lock(one < two ? one : two);
    lock(one < two ? two : one);
    unlock(one);
    unlock(two);
}

static void there_by_address(void) {
    for (int i = 0; i < 5; i++)
        lower_first(&ring[i], &ring[(i + 2) % 5]);
}

static void back_by_address(void) {
    for (int i = 0; i < 5; i++)
        lower_first(&ring[(i + 2) % 5], &ring[i]);
}

/* ---- gates ---- */

static void gated_left_right(void) {
    lock(&gate);
    left_right();
    unlock(&gate);
}

static void gated_right_left(void) {
    lock(&gate);
    right_left();
    unlock(&gate);
}

static void other_gated_right_left(void) {
    lock(&other_gate);
    right_left();
    unlock(&other_gate);
}

static void left_then_no_gate_then_right(void) {
    lock(&gate);
    pthread_mutex_lock(&left); /* REPORTED */
    unlock(&gate);
    pthread_mutex_lock(&right); /* REPORTED */
    unlock(&right);
    unlock(&left);
}

static void right_then_no_gate_then_left(void) {
    lock(&gate);
    pthread_mutex_lock(&right); /* REPORTED */
    unlock(&gate);
    pthread_mutex_lock(&left); /* REPORTED */
    unlock(&left);
    unlock(&right);
}

/* ---- attempts and limits ---- */

static void left_try_right(void) {
    pthread_mutex_lock(&left);
    if (pthread_mutex_trylock(&right) == 0)
        unlock(&right);
    unlock(&left);
}

static void try_left_right(void) {
    if (pthread_mutex_trylock(&left) != 0) /* REPORTED */
        return;
    pthread_mutex_lock(&right); /* REPORTED */
    unlock(&right);
    unlock(&left);
}

static void try_right_left(void) {
    if (pthread_mutex_trylock(&right) != 0) /* REPORTED */
        return;
    pthread_mutex_lock(&left); /* REPORTED */
    unlock(&left);
    unlock(&right);
}

static const struct timespec far_away = {.tv_sec = 1u << 31};

static void left_timed_right(void) {
    pthread_mutex_lock(&left);
    if (pthread_mutex_timedlock(&right, &far_away) == 0)
        unlock(&right);
    unlock(&left);
}

static void timed_left_right(void) {
    pthread_mutex_timedlock(&left, &far_away); /* REPORTED */
    pthread_mutex_lock(&right);                /* REPORTED */
    unlock(&right);
    unlock(&left);
}

static void left_clocked_right(void) {
    pthread_mutex_lock(&left);
    if (pthread_mutex_clocklock(&right, CLOCK_MONOTONIC, &far_away) == 0)
        unlock(&right);
    unlock(&left);
}

static void clocked_left_right(void) {
    pthread_mutex_clocklock(&left, CLOCK_MONOTONIC, &far_away); /* REPORTED */
    pthread_mutex_lock(&right);                                 /* REPORTED */
    unlock(&right);
    unlock(&left);
}

/* ---- locks that come and go ---- */

static void renew(pthread_mutex_t *mutex) {
    pthread_mutex_destroy(mutex);
    pthread_mutex_init(mutex, NULL);
}

static void renewed_right_left(void) {
    renew(&left);
    renew(&right);
    right_left();
    renew(&left);
    renew(&right);
}

static void half_renewed_right_left(void) {
    renew(&left);
    right_left();
    renew(&left);
}

static pthread_mutex_t *pair;

static void make_pair(void) {
    pair = malloc(2 * sizeof *pair);
    pthread_mutex_init(&pair[0], NULL);
    pthread_mutex_init(&pair[1], NULL);
}

static void free_pair(void) {
    pthread_mutex_destroy(&pair[0]);
    pthread_mutex_destroy(&pair[1]);
    free(pair);
}

static void new_pair_upwards(void) {
    make_pair();
    either_order(&pair[0], &pair[1]);
    free_pair();
}

static void new_pair_downwards(void) {
    make_pair();
    either_order(&pair[1], &pair[0]);
    free_pair();
}

static void pair_upwards(void) {
    make_pair();
    either_order(&pair[0], &pair[1]);
}

static void pair_downwards(void) {
    either_order(&pair[1], &pair[0]);
    free_pair();
}

/* ---- more locks ---- */

static void hand_over_hand(void) {
    lock(&ring[0]);
    for (int i = 1; i < 5; i++) {
        lock(&ring[i]);
        unlock(&ring[i - 1]);
    }
    unlock(&ring[4]);
}

static void again_left_again(void) {
    lock(&again);
    lock(&left);
    lock(&again);
    unlock(&again);
    unlock(&left);
    unlock(&again);
}

static void again_left(void) {
    pthread_mutex_lock(&again); /* REPORTED */
    pthread_mutex_lock(&left);  /* REPORTED */
    unlock(&left);
    unlock(&again);
}

static void left_again(void) {
    pthread_mutex_lock(&left);  /* REPORTED */
    pthread_mutex_lock(&again); /* REPORTED */
    unlock(&again);
    unlock(&left);
}

static void neighbours(int i, int n) {
    pthread_mutex_lock(&ring[i]);           /* REPORTED */
    pthread_mutex_lock(&ring[(i + 1) % n]); /* REPORTED */
    unlock(&ring[(i + 1) % n]);
    unlock(&ring[i]);
}

static void three_0(void) {
    neighbours(0, 3);
}

static void three_1(void) {
    neighbours(1, 3);
}

static void three_2(void) {
    neighbours(2, 3);
}

static void three_0_and_1(void) {
    neighbours(0, 3);
    neighbours(1, 3);
}

static void five_0(void) {
    neighbours(0, 5);
}

static void five_1(void) {
    neighbours(1, 5);
}

static void five_2(void) {
    neighbours(2, 5);
}

static void five_3(void) {
    neighbours(3, 5);
}

static void five_4(void) {
    neighbours(4, 5);
}

static void start_crowd(void) {
    for (size_t i = 0; i < sizeof crowd / sizeof *crowd; i++)
        pthread_mutex_init(&crowd[i], NULL);
}

static void with_300(int first, void (*act)(void)) {
    for (int i = first; i < first + 300; i++)
        lock(&crowd[i]);
    act();
    for (int i = first; i < first + 300; i++)
        unlock(&crowd[i]);
}

static void left_right_with_300(void) {
    with_300(0, left_right);
}

static void right_left_with_300(void) {
    with_300(300, right_left);
}

static void crowd_upwards(void) {
    for (int i = 0; i < 19999; i++)
        either_order(&crowd[i], &crowd[i + 1]);
}

static void crowd_back_once(void) {
    either_order(&crowd[11111], &crowd[11110]);
}

/* ---- conditions ---- */

static void left_right_wait_left(void) {
    static const struct timespec long_ago = {0};
    lock(&left);
    pthread_mutex_lock(&right);                         /* REPORTED */
    pthread_cond_timedwait(&changed, &left, &long_ago); /* REPORTED */
    unlock(&right);
    unlock(&left);
}

static void left_right_wait_right(void) {
    static const struct timespec long_ago = {0};
    lock(&left);
    lock(&right);
    pthread_cond_timedwait(&changed, &right, &long_ago);
    unlock(&right);
    unlock(&left);
}

/* ---- the ways to run a shape ---- */

struct actor {
    pthread_t thread;
    long index;
    void (*act)(void);
};

static long actors_count;

static void *act_in_turns(void *argument) {
    const struct actor *actor = argument;
    for (long round = 0; round < shapes_times; round++) {
        turns_wait(round * actors_count + actor->index);
        actor->act();
        turns_pass();
    }
    return NULL;
}

void shapes_run_in_turns(const struct shape *shape) {
    struct actor actors[16];
    long roles = 1;
    while (roles < SHAPES_ROLES && shape->roles[roles])
        roles++;
    actors_count = shape->exactly || shapes_threads < roles ? roles : shapes_threads;
    if (shape->prepare)
        shape->prepare();
    for (long i = 0; i < actors_count; i++) {
        actors[i] = (struct actor){.index = i, .act = shape->roles[i % roles]};
        pthread_create(&actors[i].thread, NULL, act_in_turns, &actors[i]);
    }
    turns_pass();
    for (long i = 0; i < actors_count; i++)
        pthread_join(actors[i].thread, NULL);
}

static void *call(void *argument) {
    const struct actor *actor = argument;
    actor->act();
    return NULL;
}

/* Each role in a thread of its own, which is joined before the next is created. */
static void run_joined(const struct shape *shape) {
    for (long i = 0; i < shapes_times * 2; i++) {
        struct actor actor = {.act = shape->roles[i % 2]};
        pthread_create(&actor.thread, NULL, call, &actor);
        pthread_join(actor.thread, NULL);
    }
}

/* The first role before there are threads, the second in threads, and the first again when they are gone. */
static void run_around_threads(const struct shape *shape) {
    struct shape in_threads = {.roles = {shape->roles[1]}};
    shape->roles[0]();
    shapes_run_in_turns(&in_threads);
    shape->roles[0]();
}

static void *stack_left(void *unused) {
    pthread_mutex_t mine = PTHREAD_MUTEX_INITIALIZER;
    either_order(&mine, &left);
    return unused;
}

static void *left_stack(void *unused) {
    pthread_mutex_t mine = PTHREAD_MUTEX_INITIALIZER;
    either_order(&left, &mine);
    return unused;
}

static void wait_until_alone(void) {
    char line[256];
    for (int threads = 2; threads != 1; sched_yield()) {
        FILE *status = fopen("/proc/self/status", "re");
        while (status && fgets(line, sizeof line, status))
            if (strncmp(line, "Threads:", 8) == 0)
                threads = (int)strtol(line + 8, NULL, 10);
        if (status)
            fclose(status);
    }
}

/* Detached threads, one after the other: their locks lie at the same address of the same stack. */
static void run_on_one_stack(const struct shape *shape) {
    (void)shape;
    for (long i = 0; i < shapes_times * 2; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, i % 2 ? left_stack : stack_left, NULL);
        pthread_detach(thread);
        wait_until_alone();
    }
}

static void run_in_child(const struct shape *shape) {
    pid_t child = fork();
    if (child == 0) {
        shapes_run_in_turns(shape);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

/* One role in the parent, the other in the child: two processes, two left and two right. */
static void run_parent_and_child(const struct shape *shape) {
    struct shape first = {.roles = {shape->roles[0]}}, second = {.roles = {shape->roles[1]}};
    shapes_run_in_turns(&first);
    turns_now = -1;
    run_in_child(&second);
}

static const struct shape shapes[] = {
    {"two_locks", "left right in left_right right_left", .roles = {left_right, right_left}},
    {"two_locks_in_one_function", "left right in either_order", .roles = {there, back}},
    {"one_order", "none", .roles = {left_right, left_right}},
    {"one_thread", "none", .roles = {both_orders, nothing}, .exactly = true},
    {"released_before", "none", .roles = {left_right, right_then_left}},
    {"by_address", "none", .roles = {there_by_address, back_by_address}},
    {"gate", "none", .roles = {gated_left_right, gated_right_left}},
    {"gate_on_one_side", "left right in left_right right_left", .roles = {gated_left_right, right_left}},
    {"two_gates", "left right in left_right right_left", .roles = {gated_left_right, other_gated_right_left}},
    {"gate_released", "left right in left_then_no_gate_then_right right_then_no_gate_then_left",
     .roles = {left_then_no_gate_then_right, right_then_no_gate_then_left}},
    {"create_and_join", "none", .roles = {left_right, right_left}, .run = run_joined},
    {"before_and_after_threads", "none", .roles = {left_right, right_left}, .run = run_around_threads},
    {"try_second", "none", .roles = {left_try_right, right_left}},
    {"try_first", "left right in try_left_right right_left", .roles = {try_left_right, right_left}},
    {"try_first_twice", "left right in try_left_right try_right_left",
     .roles = {try_left_right, try_right_left}},
    {"timed_second", "none", .roles = {left_timed_right, right_left}},
    {"timed_first", "left right in timed_left_right right_left", .roles = {timed_left_right, right_left}},
    {"clocked_second", "none", .roles = {left_clocked_right, right_left}},
    {"clocked_first", "left right in clocked_left_right right_left",
     .roles = {clocked_left_right, right_left}},
    {"reinitialised", "none", .roles = {left_right, renewed_right_left}},
    {"one_reinitialised", "none", .roles = {left_right, half_renewed_right_left}},
    {"heap_reused", "none", .roles = {new_pair_upwards, new_pair_downwards}},
    {"heap_shared", "mutex mutex in either_order", .roles = {pair_upwards, pair_downwards}, .exactly = true},
    {"stack_reused", "none", .roles = {nothing}, .run = run_on_one_stack, .most = 100},
    {"hand_over_hand", "none", .roles = {hand_over_hand, hand_over_hand}},
    {"recursive", "none", .roles = {again_left_again, again_left_again}},
    {"recursive_reversed", "again left in again_left left_again", .roles = {again_left, left_again}},
    {"three", "ring ring+0x28 ring+0x50 in neighbours", .roles = {three_0, three_1, three_2}},
    {"three_by_two_threads", "none", .roles = {three_0_and_1, three_2}, .exactly = true},
    {"five", "ring ring+0x28 ring+0x50 ring+0x78 ring+0xa0 in neighbours",
     .roles = {five_0, five_1, five_2, five_3, five_4}},
    {"wait_inside", "left right in left_right_wait_left left_right",
     .roles = {left_right_wait_left, left_right}},
    {"wait_innermost", "none", .roles = {left_right_wait_right, left_right}},
    {"held_300", "left right in left_right right_left", .roles = {left_right_with_300, right_left_with_300},
     .prepare = start_crowd, .most = 100},
    {"alive_20000", "crowd+0x6c7f0 crowd+0x6c818 in either_order", .roles = {crowd_upwards, crowd_back_once},
     .prepare = start_crowd, .most = 5},
    {"in_forked_child", "left right in left_right right_left", .roles = {left_right, right_left},
     .run = run_in_child},
    {"parent_and_child", "none", .roles = {left_right, right_left}, .run = run_parent_and_child},
    {"plugin", "plugin_first plugin_second in plugin_forth plugin_back", .roles = {nothing},
     .run = shapes_run_plugin},
    {"plugin_reloaded", "none", .roles = {nothing}, .run = shapes_run_plugin_reloaded, .most = 100},
};

int main(int argc, char **argv) {
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct shape *shape = &shapes[i];
        if (argc == 2 && strcmp(argv[1], "list") == 0) {
            printf("%s %s\n", shape->name, shape->expected);
        } else if (argc == 4 && strcmp(argv[1], shape->name) == 0) {
            shapes_times = strtol(argv[2], NULL, 10);
            shapes_threads = strtol(argv[3], NULL, 10);
            if (shape->most && shapes_times > shape->most)
                shapes_times = shape->most;
            (shape->run ? shape->run : shapes_run_in_turns)(shape);
            return 0;
        }
    }
    return argc == 2 ? 0 : 2;
}
