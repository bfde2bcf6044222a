/* The library that libraries.c loads. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;

void loaded_take_both(void);

void loaded_take_both(void) {
    pthread_mutex_lock(&first);
    pthread_mutex_lock(&second);
    pthread_mutex_unlock(&second);
    pthread_mutex_unlock(&first);
}

static void *take_both(void *unused) {
    loaded_take_both();
    return unused;
}

__attribute__((constructor)) static void construct(void) {
    pthread_t thread;
    if (!getenv("LOADED_WAITS"))
        return;
    pthread_create(&thread, NULL, take_both, NULL);
    pthread_join(thread, NULL);
    puts("constructed");
}
