/* Deadlocks that are alike: through the same functions over different locks, and one with its locks in a
 * library of others. "all" does all of them one after the other, "alice", "carol" and "third" one; "stuck"
 * and "lucky" are one deadlock, which happens or does not. */
#define _GNU_SOURCE
#include "tests/e2e/programs/kinds.h"

void third_forth(void);
void third_back(void);

static pthread_mutex_t alice = PTHREAD_MUTEX_INITIALIZER, bob = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t carol = PTHREAD_MUTEX_INITIALIZER, dave = PTHREAD_MUTEX_INITIALIZER;

static bool meets; /* both threads have their first lock before either takes its second */

__attribute__((noinline)) static void both(pthread_mutex_t *first, pthread_mutex_t *second) {
    pthread_mutex_lock(first);
    if (meets) {
        reach();
        await(2);
    }
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void forth_alice(void) {
    both(&alice, &bob);
}

static void back_alice(void) {
    both(&bob, &alice);
}

static void forth_carol(void) {
    both(&carol, &dave);
}

static void back_carol(void) {
    both(&dave, &carol);
}

static void run_alice(void) {
    IN_TURNS(forth_alice, back_alice);
}

static void run_carol(void) {
    actors_turn = -1;
    IN_TURNS(forth_carol, back_carol);
}

static void run_third(void) {
    actors_turn = -1;
    IN_TURNS(third_forth, third_back);
}

static void run_all(void) {
    run_alice();
    run_carol();
    run_third();
}

static void run_stuck(void) {
    meets = true;
    struct actor *one = start(forth_alice), *other = start(back_alice);
    finish(one);
    finish(other);
}

int main(int argc, char **argv) {
    static const struct scenario scenarios[] = {{"all", run_all},     {"alice", run_alice},
                                                {"carol", run_carol}, {"third", run_third},
                                                {"stuck", run_stuck}, {"lucky", run_alice}};
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
