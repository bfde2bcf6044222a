/* A whole bank, fixed: a transfer locks both accounts, checks both, and moves the money in one critical
 * section. So nobody sees it on its way, and nobody freezes an account meanwhile.
 *
 * Whichever way the money goes, the account with the lower address is locked first: two transfers in opposite
 * directions cannot block each other.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 662
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cases/schedule.h"

enum { TAKEN, FROZEN };
enum { ACCOUNTS = 8, TELLERS = 4, OPERATIONS = 1000000, OPENING = 1000, LIMIT = 500 };

struct account {
    pthread_mutex_t lock;
    long balance;
    bool frozen;
};

struct teller {
    pthread_t thread;
    uint64_t random; /* the state of its own generator, never 0 */
    long deposited;
    long transfers;
};

static struct account accounts[ACCOUNTS];

static void open_accounts(void) {
    for (int i = 0; i < ACCOUNTS; i++) {
        pthread_mutex_init(&accounts[i].lock, NULL);
        accounts[i].balance = OPENING;
    }
}

/* The security check. Requires that the account is locked. */
static bool may_pay(const struct account *account, long amount) {
    return !account->frozen && amount > 0 && amount <= LIMIT && amount <= account->balance;
}

/* Requires that the account is locked. */
static bool may_receive(const struct account *account) {
    return !account->frozen;
}

static bool deposit(struct account *to, long amount) {
    pthread_mutex_lock(&to->lock);
    bool allowed = may_receive(to);
    if (allowed)
        to->balance += amount;
    pthread_mutex_unlock(&to->lock);
    return allowed;
}

static long balance(struct account *account) {
    pthread_mutex_lock(&account->lock);
    long money = account->balance;
    pthread_mutex_unlock(&account->lock);
    return money;
}

static void freeze(struct account *account, bool frozen) {
    pthread_mutex_lock(&account->lock);
    account->frozen = frozen;
    pthread_mutex_unlock(&account->lock);
}

static bool transfer(struct account *from, struct account *to, long amount) {
    struct account *first = from < to ? from : to;
    struct account *second = from < to ? to : from;
    pthread_mutex_lock(&first->lock);
    pthread_mutex_lock(&second->lock);
    bool allowed = may_pay(from, amount) && may_receive(to);
    if (allowed) {
        from->balance -= amount;
        schedule_reach(TAKEN);
        schedule_linger(FROZEN);
        to->balance += amount;
    }
    pthread_mutex_unlock(&second->lock);
    pthread_mutex_unlock(&first->lock);
    return allowed;
}

/* The money in all accounts. Requires that no teller works. */
static long count_money(void) {
    long money = 0;
    for (int i = 0; i < ACCOUNTS; i++)
        money += balance(&accounts[i]);
    return money;
}

static void *pay(void *done) {
    *(bool *)done = transfer(&accounts[0], &accounts[1], 100);
    return NULL;
}

static void *freeze_receiver(void *unused) {
    schedule_wait(TAKEN);
    freeze(&accounts[1], true);
    schedule_reach(FROZEN);
    return unused;
}

/* A transfer whose receiver is frozen on the way. */
static void run_schedule(void) {
    bool paid = false;
    pthread_t payer, freezer;
    pthread_create(&payer, NULL, pay, &paid);
    pthread_create(&freezer, NULL, freeze_receiver, NULL);
    pthread_join(payer, NULL);
    pthread_join(freezer, NULL);
    freeze(&accounts[1], false);
    printf("the transfer %s\n", paid ? "was made" : "was refused");
}

/* A number below `limit` (xorshift). */
static unsigned draw(struct teller *self, unsigned limit) {
    self->random ^= self->random << 13;
    self->random ^= self->random >> 7;
    self->random ^= self->random << 17;
    return (unsigned)(self->random >> 32) % limit;
}

static void work(struct teller *self) {
    struct account *one = &accounts[draw(self, ACCOUNTS)];
    struct account *other = &accounts[draw(self, ACCOUNTS)];
    long amount = 1 + draw(self, LIMIT);
    switch (draw(self, 8)) {
    case 0:
        if (deposit(one, amount))
            self->deposited += amount;
        break;
    case 1:
        freeze(one, true);
        break;
    case 2:
    case 3:
        freeze(one, false);
        break;
    case 4:
        if (balance(one) < 0)
            abort(); /* no account is ever overdrawn */
        break;
    default:
        if (one != other && transfer(one, other, amount))
            self->transfers++;
    }
}

static void *tell(void *teller) {
    for (int i = 0; i < OPERATIONS / TELLERS; i++)
        work(teller);
    return NULL;
}

/* A million random operations. Returns what was paid in. */
static long run_tellers(void) {
    struct teller tellers[TELLERS] = {0};
    long deposited = 0, transfers = 0;
    for (int i = 0; i < TELLERS; i++) {
        tellers[i].random = 2024 + (uint64_t)i;
        pthread_create(&tellers[i].thread, NULL, tell, &tellers[i]);
    }
    for (int i = 0; i < TELLERS; i++) {
        pthread_join(tellers[i].thread, NULL);
        deposited += tellers[i].deposited;
        transfers += tellers[i].transfers;
    }
    printf("%d operations, %ld transfers made\n", OPERATIONS, transfers);
    return deposited;
}

/* Compares the accounts with what they must hold. */
static bool books_are_right(long deposited) {
    long expected = (long)ACCOUNTS * OPENING + deposited;
    long money = count_money();
    bool right = money == expected;
    for (int i = 0; i < ACCOUNTS; i++)
        right = right && balance(&accounts[i]) >= 0;
    printf("%ld of %ld in the accounts\n", money, expected);
    return right;
}

int main(void) {
    open_accounts();
    run_schedule();
    if (!books_are_right(0))
        return 1;
    return books_are_right(run_tellers()) ? 0 : 1;
}
