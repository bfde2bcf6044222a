/* libforward.so: a preload that forwards pthread_mutex_lock and pthread_mutex_unlock and does nothing else.
 * What it costs is the floor for every tool that is preloaded.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>

typedef int mutex_function(pthread_mutex_t *);

static mutex_function *real_lock, *real_unlock;

__attribute__((constructor)) static void resolve(void) {
    real_lock = (mutex_function *)dlsym(RTLD_NEXT, "pthread_mutex_lock");
    real_unlock = (mutex_function *)dlsym(RTLD_NEXT, "pthread_mutex_unlock");
}

/* A constructor that runs before ours may lock. */
int pthread_mutex_lock(pthread_mutex_t *mutex) {
    if (__builtin_expect(!real_lock, 0))
        resolve();
    return real_lock(mutex);
}

int pthread_mutex_unlock(pthread_mutex_t *mutex) {
    if (__builtin_expect(!real_unlock, 0))
        resolve();
    return real_unlock(mutex);
}
