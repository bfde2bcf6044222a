/* Another preloaded library that stands before or after gordian's and counts locks; with NEIGHBOUR_SECURE it
 * says that the process is privileged. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned long locks;

int pthread_mutex_lock(pthread_mutex_t *mutex) {
    static int (*next)(pthread_mutex_t *);
    if (!next) {
        void *volatile found = dlsym(RTLD_NEXT, "pthread_mutex_lock");
        *(void **)&next = found;
    }
    __atomic_add_fetch(&locks, 1, __ATOMIC_RELAXED);
    return next(mutex);
}

#ifdef NEIGHBOUR_SECURE
unsigned long getauxval(unsigned long type) {
    return type == AT_SECURE;
}
#endif

__attribute__((destructor)) static void end(void) {
    static const char said[] = "neighbour: saw locks\n";
    if (locks && write(1, said, sizeof said - 1) < 0)
        _exit(8);
}
