/* Two locks in two orders, one thread after the other. To be built with every sanitizer, as C and as C++. */
#include <pthread.h>

#include "tests/e2e/programs/turns.h"

#ifdef __cplusplus
#include <mutex>
static std::mutex left, right;
#define LOCK(mutex) mutex.lock()
#define UNLOCK(mutex) mutex.unlock()
#else
static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
#define LOCK(mutex) pthread_mutex_lock(&mutex)
#define UNLOCK(mutex) pthread_mutex_unlock(&mutex)
#endif

static void *forth(void *unused) {
    turns_wait(0);
    LOCK(left);  /* REPORTED */
    LOCK(right); /* REPORTED */
    UNLOCK(right);
    UNLOCK(left);
    turns_pass();
    return unused;
}

static void *back(void *unused) {
    turns_wait(1);
    LOCK(right); /* REPORTED */
    LOCK(left);  /* REPORTED */
    UNLOCK(left);
    UNLOCK(right);
    return unused;
}

int main(void) {
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, forth, NULL);
    pthread_create(&threads[1], NULL, back, NULL);
    turns_pass();
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
