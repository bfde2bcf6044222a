#define _GNU_SOURCE
/* For commands_test.py: two threads and two locks. With "clean" both lock in the same order; with
 * "deadlock" they meet and stay. */
#include <pthread.h>
#include <string.h>

static pthread_mutex_t alice = PTHREAD_MUTEX_INITIALIZER, bob = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;
static int deadlock;

__attribute__((noinline)) static void transfer(pthread_mutex_t *from, pthread_mutex_t *to) {
    pthread_mutex_lock(from);
    if (deadlock)
        pthread_barrier_wait(&both);
    pthread_mutex_lock(to);
    pthread_mutex_unlock(to);
    pthread_mutex_unlock(from);
}

static void *teller(void *unused) {
    (void)unused;
    if (deadlock)
        transfer(&bob, &alice);
    else
        transfer(&alice, &bob);
    return NULL;
}

int main(int argc, char **argv) {
    pthread_t thread;
    deadlock = argc > 1 && strcmp(argv[1], "deadlock") == 0;
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&thread, NULL, teller, NULL);
    pthread_setname_np(thread, "teller");
    transfer(&alice, &bob);
    pthread_join(thread, NULL);
    return 0;
}
