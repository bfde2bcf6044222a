/* A whole ticket booking: availability, book and cancel, for several customers. A sold ticket is sold again.
 *
 * A customer asks which seat is free and then books that seat. Each of the two calls is right by itself, and
 * every access is under a lock, so there is no data race. But two customers may get the same answer, and
 * booking believes it: the second booking overwrites the first. The first customer has paid and holds a
 * ticket for a seat that is another's.
 *
 * The program first forces that schedule and compares the books. If they are right, four customers do a
 * million random operations, and it compares them again.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * EXPECT exit: 1
 * CWE: 367
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { EVEN_ASKED, ODD_ASKED };
enum { SHOWS = 4, SEATS = 20, CUSTOMERS = 4, OPERATIONS = 1000000, PRICE = 15 };
enum { NOBODY = -1, NO_SEAT = -1 };

struct show {
    pthread_mutex_t lock;
    int holder[SEATS]; /* a customer's number, or NOBODY */
};

struct customer {
    pthread_t thread;
    int number;
    uint64_t random; /* the state of its own generator, never 0 */
    bool ticket[SHOWS][SEATS];
    long paid;
    long bookings, refusals, refunds_refused;
};

static struct show shows[SHOWS];
static struct customer customers[CUSTOMERS];
static pthread_mutex_t till_lock = PTHREAD_MUTEX_INITIALIZER; /* taken with a show's lock held */
static long till;

static void open_shows(void) {
    for (int i = 0; i < SHOWS; i++) {
        pthread_mutex_init(&shows[i].lock, NULL);
        for (int seat = 0; seat < SEATS; seat++)
            shows[i].holder[seat] = NOBODY;
    }
    for (int i = 0; i < CUSTOMERS; i++) {
        customers[i].number = i;
        customers[i].random = 2024 + (uint64_t)i;
    }
}

static void pay_in(long amount) {
    pthread_mutex_lock(&till_lock);
    till += amount;
    pthread_mutex_unlock(&till_lock);
}

/* Availability: a seat that is free, or NO_SEAT. */
static int find_seat(struct show *show) {
    pthread_mutex_lock(&show->lock);
    int seat = 0;
    while (seat < SEATS && show->holder[seat] != NOBODY)
        seat++;
    pthread_mutex_unlock(&show->lock);
    return seat < SEATS ? seat : NO_SEAT;
}

static bool book(struct show *show, int seat, int customer) {
    pthread_mutex_lock(&show->lock);
    bool booked = seat != NO_SEAT;
    if (booked) {
        show->holder[seat] = customer;
        pay_in(PRICE);
    }
    pthread_mutex_unlock(&show->lock);
    return booked;
}

static bool cancel(struct show *show, int seat, int customer) {
    pthread_mutex_lock(&show->lock);
    bool cancelled = show->holder[seat] == customer;
    if (cancelled) {
        show->holder[seat] = NOBODY;
        pay_in(-PRICE);
    }
    pthread_mutex_unlock(&show->lock);
    return cancelled;
}

static void buy_ticket(struct customer *self, int show) {
    int seat = find_seat(&shows[show]);
    schedule_reach(self->number % 2 == 0 ? EVEN_ASKED : ODD_ASKED);
    schedule_linger(self->number % 2 == 0 ? ODD_ASKED : EVEN_ASKED);
    if (book(&shows[show], seat, self->number)) {
        self->ticket[show][seat] = true;
        self->paid += PRICE;
        self->bookings++;
    } else {
        self->refusals++;
    }
}

/* Gives back the first ticket for this show from `seat` on, if the customer has one. */
static void return_ticket(struct customer *self, int show, int seat) {
    while (seat < SEATS && !self->ticket[show][seat])
        seat++;
    if (seat == SEATS)
        return;
    self->ticket[show][seat] = false;
    if (cancel(&shows[show], seat, self->number))
        self->paid -= PRICE;
    else
        self->refunds_refused++;
}

/* Compares what the shows and the till say with what the customers have. Requires that no customer acts. */
static bool books_are_right(void) {
    long paid = 0, refunds_refused = 0, lost = 0, sold = 0;
    for (int show = 0; show < SHOWS; show++)
        for (int seat = 0; seat < SEATS; seat++) {
            sold += shows[show].holder[seat] != NOBODY;
            for (int i = 0; i < CUSTOMERS; i++)
                lost += customers[i].ticket[show][seat] != (shows[show].holder[seat] == i);
        }
    for (int i = 0; i < CUSTOMERS; i++) {
        paid += customers[i].paid;
        refunds_refused += customers[i].refunds_refused;
    }
    printf("%ld seats sold, %ld tickets wrong, %ld refunds refused, %ld paid, %ld in the till\n", sold, lost,
           refunds_refused, paid, till);
    return lost == 0 && refunds_refused == 0 && till == paid && till == sold * PRICE;
}

/* A number below `limit` (xorshift). */
static int draw(struct customer *self, unsigned limit) {
    self->random ^= self->random << 13;
    self->random ^= self->random >> 7;
    self->random ^= self->random << 17;
    return (int)((unsigned)(self->random >> 32) % limit);
}

static void *buy_one(void *customer) {
    buy_ticket(customer, 0);
    return NULL;
}

static void *buy_and_return(void *customer) {
    for (int i = 0; i < OPERATIONS / CUSTOMERS; i++) {
        int show = draw(customer, SHOWS);
        if (draw(customer, 2) == 0)
            buy_ticket(customer, show);
        else
            return_ticket(customer, show, draw(customer, SEATS));
    }
    return NULL;
}

/* Lets the first customers act, each in its own thread, until they are done. */
static void run(int number, void *(*act)(void *)) {
    for (int i = 0; i < number; i++)
        pthread_create(&customers[i].thread, NULL, act, &customers[i]);
    for (int i = 0; i < number; i++)
        pthread_join(customers[i].thread, NULL);
}

int main(void) {
    open_shows();
    run(2, buy_one);
    if (!books_are_right())
        return 1;
    run(CUSTOMERS, buy_and_return);
    long bookings = 0, refusals = 0;
    for (int i = 0; i < CUSTOMERS; i++) {
        bookings += customers[i].bookings;
        refusals += customers[i].refusals;
    }
    printf("%d operations, %ld bookings, %ld refused\n", OPERATIONS, bookings, refusals);
    return books_are_right() ? 0 : 1;
}
