/* The functions behind the hooks: the next definition in the search order, which may be a sanitizer's.
 *
 * They are looked up when first needed, since hooks run before our constructor, and all at once in the
 * constructor, so that dlsym never runs inside a lock hook later. dlsym(RTLD_NEXT) allocates nothing when it
 * finds the name.
 */
#ifndef GORDIAN_INTERPOSE_REAL_H
#define GORDIAN_INTERPOSE_REAL_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#define REAL_FUNCTIONS(X)                                                                                    \
    X(int, pthread_mutex_init, (pthread_mutex_t *, const pthread_mutexattr_t *))                             \
    X(int, pthread_mutex_destroy, (pthread_mutex_t *))                                                       \
    X(int, pthread_mutex_lock, (pthread_mutex_t *))                                                          \
    X(int, pthread_mutex_trylock, (pthread_mutex_t *))                                                       \
    X(int, pthread_mutex_timedlock, (pthread_mutex_t *, const struct timespec *))                            \
    X(int, pthread_mutex_clocklock, (pthread_mutex_t *, clockid_t, const struct timespec *))                 \
    X(int, pthread_mutex_unlock, (pthread_mutex_t *))                                                        \
    X(int, pthread_cond_wait, (pthread_cond_t *, pthread_mutex_t *))                                         \
    X(int, pthread_cond_timedwait, (pthread_cond_t *, pthread_mutex_t *, const struct timespec *))           \
    X(int, pthread_cond_clockwait,                                                                           \
      (pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *))                             \
    X(int, pthread_create, (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))                 \
    X(int, pthread_join, (pthread_t, void **))                                                               \
    X(int, pthread_tryjoin_np, (pthread_t, void **))                                                         \
    X(int, pthread_timedjoin_np, (pthread_t, void **, const struct timespec *))                              \
    X(int, pthread_clockjoin_np, (pthread_t, void **, clockid_t, const struct timespec *))                   \
    X(void, pthread_exit, (void *))                                                                          \
    X(int, pthread_detach, (pthread_t))                                                                      \
    X(int, dlclose, (void *))                                                                                \
    X(int, setuid, (uid_t))                                                                                  \
    X(int, seteuid, (uid_t))                                                                                 \
    X(int, setreuid, (uid_t, uid_t))                                                                         \
    X(int, setresuid, (uid_t, uid_t, uid_t))                                                                 \
    X(int, chroot, (const char *))

#define REAL_DECLARE(result, name, parameters)                                                               \
    extern result(*real_##name##_now) parameters;                                                            \
    result real_##name##_find parameters;
REAL_FUNCTIONS(REAL_DECLARE)
#undef REAL_DECLARE

/* Call it as REAL(pthread_mutex_lock)(mutex). */
#define REAL(name) (__atomic_load_n(&real_##name##_now, __ATOMIC_RELAXED))

/* glibc's condition waits of before 2.3.2, whose conditions look different inside; a program linked then has
 * the other calls of that version too. */
extern int (*real_cond_wait_old)(pthread_cond_t *, pthread_mutex_t *);
extern int (*real_cond_timedwait_old)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);

/* Look up every function. From the constructor. */
void real_start(void);

/* Whether the next pthread_mutex_lock is libc's own. If it is a sanitizer's, hooks call it as the program
 * does, so that it sees a lock and not a trylock. */
extern bool real_is_libc;

#endif
