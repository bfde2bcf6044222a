/* A plug-in whose constructor and destructor lock, under the loader's own lock. */
#include <pthread.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static unsigned uses;

static void nest(void) {
    pthread_mutex_lock(&first);
    pthread_mutex_lock(&second);
    uses++;
    pthread_mutex_unlock(&second);
    pthread_mutex_unlock(&first);
}

__attribute__((constructor)) static void loaded(void) {
    nest();
}

__attribute__((destructor)) static void unloaded(void) {
    nest();
}

__attribute__((visibility("default"))) unsigned plugin_use(unsigned number);
unsigned plugin_use(unsigned number) {
    for (unsigned i = 0; i < number; i++)
        nest();
    return number + 1;
}
