/* Two locks of C11's <threads.h> in two orders. */
#include <stdlib.h>
#include <threads.h>

#include "tests/e2e/programs/turns.h"

static mtx_t left, right;

static int left_right(void *unused) {
    (void)unused;
    turns_wait(0);
    mtx_lock(&left);  /* REPORTED */
    mtx_lock(&right); /* REPORTED */
    mtx_unlock(&right);
    mtx_unlock(&left);
    turns_pass();
    return 0;
}

static int right_left(void *unused) {
    (void)unused;
    turns_wait(1);
    mtx_lock(&right); /* REPORTED */
    mtx_lock(&left);  /* REPORTED */
    mtx_unlock(&left);
    mtx_unlock(&right);
    return 0;
}

int main(void) {
    thrd_t threads[2];
    mtx_init(&left, mtx_plain);
    mtx_init(&right, mtx_plain);
    thrd_create(&threads[0], left_right, NULL);
    thrd_create(&threads[1], right_left, NULL);
    turns_pass();
    thrd_join(threads[0], NULL);
    thrd_join(threads[1], NULL);
    return 0;
}
