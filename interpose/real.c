#define _GNU_SOURCE
#include "interpose/real.h"

#include <dlfcn.h>
#include <errno.h>

bool real_is_libc = true;

/* Each pointer starts at a finder that looks the function up and calls it. The result of dlsym goes through a
 * local: a tail call would make dlsym see the loader as its caller. */
#define REAL_POINTER(result, name, parameters) result(*real_##name##_now) parameters = real_##name##_find;
REAL_FUNCTIONS(REAL_POINTER)
#undef REAL_POINTER

static void *look_up(const char *name) {
    void *volatile found = dlsym(RTLD_NEXT, name);
    return found;
}

#define REAL_LOOK_UP(name)                                                                                   \
    __typeof__(real_##name##_now) found;                                                                     \
    *(void **)&found = look_up(#name);                                                                       \
    if (found)                                                                                               \
        __atomic_store_n(&real_##name##_now, found, __ATOMIC_RELAXED);

#define FINDER(name, parameters, arguments)                                                                  \
    int real_##name##_find parameters {                                                                      \
        REAL_LOOK_UP(name)                                                                                   \
        return found ? found arguments : ENOSYS;                                                             \
    }

FINDER(pthread_mutex_init, (pthread_mutex_t * m, const pthread_mutexattr_t *a), (m, a))
FINDER(pthread_mutex_destroy, (pthread_mutex_t * m), (m))
FINDER(pthread_mutex_lock, (pthread_mutex_t * m), (m))
FINDER(pthread_mutex_trylock, (pthread_mutex_t * m), (m))
FINDER(pthread_mutex_timedlock, (pthread_mutex_t * m, const struct timespec *t), (m, t))
FINDER(pthread_mutex_clocklock, (pthread_mutex_t * m, clockid_t c, const struct timespec *t), (m, c, t))
FINDER(pthread_mutex_unlock, (pthread_mutex_t * m), (m))
FINDER(pthread_cond_wait, (pthread_cond_t * c, pthread_mutex_t *m), (c, m))
FINDER(pthread_cond_timedwait, (pthread_cond_t * c, pthread_mutex_t *m, const struct timespec *t), (c, m, t))
FINDER(pthread_cond_clockwait,
       (pthread_cond_t * c, pthread_mutex_t *m, clockid_t k, const struct timespec *t), (c, m, k, t))
FINDER(pthread_create, (pthread_t * p, const pthread_attr_t *a, void *(*f)(void *), void *x), (p, a, f, x))
FINDER(pthread_join, (pthread_t p, void **r), (p, r))
FINDER(pthread_tryjoin_np, (pthread_t p, void **r), (p, r))
FINDER(pthread_timedjoin_np, (pthread_t p, void **r, const struct timespec *t), (p, r, t))
FINDER(pthread_clockjoin_np, (pthread_t p, void **r, clockid_t c, const struct timespec *t), (p, r, c, t))
FINDER(pthread_detach, (pthread_t p), (p))
void real_pthread_exit_find(void *value) {
    REAL_LOOK_UP(pthread_exit)
    if (found)
        found(value);
    __builtin_trap();
}

FINDER(dlclose, (void *h), (h))

/* These say what is wrong in errno. */
#define ERRNO_FINDER(name, parameters, arguments)                                                            \
    int real_##name##_find parameters {                                                                      \
        REAL_LOOK_UP(name)                                                                                   \
        if (found)                                                                                           \
            return found arguments;                                                                          \
        errno = ENOSYS;                                                                                      \
        return -1;                                                                                           \
    }

ERRNO_FINDER(setuid, (uid_t u), (u))
ERRNO_FINDER(seteuid, (uid_t e), (e))
ERRNO_FINDER(setreuid, (uid_t r, uid_t e), (r, e))
ERRNO_FINDER(setresuid, (uid_t r, uid_t e, uid_t s), (r, e, s))
ERRNO_FINDER(chroot, (const char *p), (p))

/* By version: such programs know no sanitizer that could come between. */
static int find_cond_wait_old(pthread_cond_t *cond, pthread_mutex_t *mutex) {
    void *volatile found = dlvsym(RTLD_NEXT, "pthread_cond_wait", "GLIBC_2.2.5");
    if (!found)
        return ENOSYS;
    *(void **)&real_cond_wait_old = found;
    return real_cond_wait_old(cond, mutex);
}

static int find_cond_timedwait_old(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                   const struct timespec *until) {
    void *volatile found = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.2.5");
    if (!found)
        return ENOSYS;
    *(void **)&real_cond_timedwait_old = found;
    return real_cond_timedwait_old(cond, mutex, until);
}

int (*real_cond_wait_old)(pthread_cond_t *, pthread_mutex_t *) = find_cond_wait_old;
int (*real_cond_timedwait_old)(pthread_cond_t *, pthread_mutex_t *,
                               const struct timespec *) = find_cond_timedwait_old;

extern int _dl_find_object(void *address, struct dl_find_object *result) __attribute__((weak));

/* gnu_get_libc_version is libc's alone: whatever lies in the same object is libc. */
static bool in_libc(void *function) {
    struct dl_find_object a, b;
    void *volatile libc = dlsym(RTLD_DEFAULT, "gnu_get_libc_version");
    return !libc || !_dl_find_object ||
           (_dl_find_object(function, &a) == 0 && _dl_find_object(libc, &b) == 0 &&
            a.dlfo_link_map == b.dlfo_link_map);
}

void real_start(void) {
#define REAL_START(result, name, parameters) {REAL_LOOK_UP(name)}
    REAL_FUNCTIONS(REAL_START)
#undef REAL_START
    void *lock;
    *(__typeof__(real_pthread_mutex_lock_now) *)&lock = REAL(pthread_mutex_lock);
    real_is_libc = in_libc(lock);
}
