/* Condition variables as a program has them that was linked before glibc 2.3.2: bound to the old versions by
 * name. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

__asm__(".symver old_init, pthread_cond_init@GLIBC_2.2.5");
__asm__(".symver old_wait, pthread_cond_wait@GLIBC_2.2.5");
__asm__(".symver old_timedwait, pthread_cond_timedwait@GLIBC_2.2.5");
__asm__(".symver old_signal, pthread_cond_signal@GLIBC_2.2.5");
__asm__(".symver old_broadcast, pthread_cond_broadcast@GLIBC_2.2.5");
__asm__(".symver old_destroy, pthread_cond_destroy@GLIBC_2.2.5");

int old_init(pthread_cond_t *, const pthread_condattr_t *);
int old_wait(pthread_cond_t *, pthread_mutex_t *);
int old_timedwait(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
int old_signal(pthread_cond_t *);
int old_broadcast(pthread_cond_t *);
int old_destroy(pthread_cond_t *);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition;

static void *wake(void *wakes) {
    pthread_mutex_lock(&mutex);
    (*(int (**)(pthread_cond_t *))wakes)(&condition);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

/* The other thread gets the mutex only while this one waits. */
static int wait_for(int (*wakes)(pthread_cond_t *)) {
    pthread_t other;
    pthread_create(&other, NULL, wake, &wakes);
    int result = old_wait(&condition, &mutex);
    pthread_join(other, NULL);
    return result;
}

int main(void) {
    struct timespec long_ago = {.tv_sec = 1};
    old_init(&condition, NULL);
    pthread_mutex_lock(&mutex);
    printf("timed out: %d\n", old_timedwait(&condition, &mutex, &long_ago) == ETIMEDOUT);
    printf("woken: %d\n", wait_for(old_signal));
    printf("woken by broadcast: %d\n", wait_for(old_broadcast));
    pthread_mutex_unlock(&mutex);
    return old_destroy(&condition);
}
