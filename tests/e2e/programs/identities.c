/* Bugs that are alike, each of which must keep its own id whatever is built around it (ids_test.py).
 *
 * identities plain|crowd: crowd begins with other threads, in another order, so that all have other numbers.
 */
#define _GNU_SOURCE
#include "tests/e2e/programs/kinds.h"

/* ADD HERE */

struct account {
    int balance;
    pthread_mutex_t lock;
};

static pthread_mutex_t alice = PTHREAD_MUTEX_INITIALIZER, bob = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t carol = PTHREAD_MUTEX_INITIALIZER, dave = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t left_alone = PTHREAD_MUTEX_INITIALIZER;
static struct account *saver, *lender, *buyer, *seller;
static bool crowd;

/* ADD HERE */

__attribute__((noinline)) static struct account *account_open(void) {
    struct account *account = malloc(sizeof *account);
    REQUIRE(account != NULL);
    account->balance = 0;
    pthread_mutex_init(&account->lock, NULL);
    return account;
}

__attribute__((noinline)) static struct account *account_import(void) {
    struct account *account = malloc(sizeof *account);
    REQUIRE(account != NULL);
    account->balance = -1; /* or a compiler makes one function of the two */
    pthread_mutex_init(&account->lock, NULL);
    return account;
}

__attribute__((noinline)) static void both(pthread_mutex_t *first, pthread_mutex_t *second) {
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

/* ADD HERE */

/* Two knots of named locks, and two of locks on the heap that only differ in who made them. */
__attribute__((noinline)) static void forth(void) {
    both(&alice, &bob);
    both(&carol, &dave);
    for (int i = 0; i < 2; i++)
        both(&(i ? buyer : saver)->lock, &(i ? seller : lender)->lock);
}

__attribute__((noinline)) static void back(void) {
    both(&bob, &alice);
    both(&dave, &carol);
    for (int i = 0; i < 2; i++)
        both(&(i ? seller : lender)->lock, &(i ? buyer : saver)->lock);
}

__attribute__((noinline)) static void one_way(void) {
    both(&saver->lock, &buyer->lock); /* a knot at another place of the same functions */
}

__attribute__((noinline)) static void other_way(void) {
    both(&buyer->lock, &saver->lock);
}

__attribute__((noinline)) static void end_holding(void) {
    pthread_mutex_lock(&left_alone);
}

__attribute__((noinline)) static void idle(void) {
    reach();
}

static void run(void) {
    saver = account_open();
    lender = account_open();
    buyer = account_import();
    seller = account_import();
    if (crowd) {
        for (int i = 0; i < 5; i++)
            finish(start(idle));
        IN_TURNS(idle, end_holding, back, other_way, idle, one_way, forth);
    } else {
        IN_TURNS(forth, back, one_way, other_way, end_holding);
    }
}

static void run_crowd(void) {
    crowd = true;
    run();
}

int main(int argc, char **argv) {
    static const struct scenario scenarios[] = {{"plain", run}, {"crowd", run_crowd}};
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}

/* ADD HERE */
