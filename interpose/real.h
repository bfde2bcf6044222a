/* The functions behind the hooks: the next definition in the search order, which may be a sanitizer's.
 *
 * They are looked up when first needed, since hooks run before our constructor, and all at once in the
 * constructor, so that dlsym never runs inside a lock hook later. dlsym(RTLD_NEXT) allocates nothing when it
 * finds the name.
 */
#ifndef GORDIAN_INTERPOSE_REAL_H
#define GORDIAN_INTERPOSE_REAL_H

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <threads.h>
#include <time.h>

typedef void (*real_signal_handler)(int); /* signal's; its name in signal.h needs _GNU_SOURCE */

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
    X(int, pthread_cond_signal, (pthread_cond_t *))                                                          \
    X(int, pthread_cond_broadcast, (pthread_cond_t *))                                                       \
    X(int, pthread_cond_init, (pthread_cond_t *, const pthread_condattr_t *))                                \
    X(int, pthread_cond_destroy, (pthread_cond_t *))                                                         \
    X(int, pthread_rwlock_init, (pthread_rwlock_t *, const pthread_rwlockattr_t *))                          \
    X(int, pthread_rwlock_destroy, (pthread_rwlock_t *))                                                     \
    X(int, pthread_rwlock_rdlock, (pthread_rwlock_t *))                                                      \
    X(int, pthread_rwlock_wrlock, (pthread_rwlock_t *))                                                      \
    X(int, pthread_rwlock_tryrdlock, (pthread_rwlock_t *))                                                   \
    X(int, pthread_rwlock_trywrlock, (pthread_rwlock_t *))                                                   \
    X(int, pthread_rwlock_timedrdlock, (pthread_rwlock_t *, const struct timespec *))                        \
    X(int, pthread_rwlock_timedwrlock, (pthread_rwlock_t *, const struct timespec *))                        \
    X(int, pthread_rwlock_clockrdlock, (pthread_rwlock_t *, clockid_t, const struct timespec *))             \
    X(int, pthread_rwlock_clockwrlock, (pthread_rwlock_t *, clockid_t, const struct timespec *))             \
    X(int, pthread_rwlock_unlock, (pthread_rwlock_t *))                                                      \
    X(int, pthread_spin_init, (pthread_spinlock_t *, int))                                                   \
    X(int, pthread_spin_destroy, (pthread_spinlock_t *))                                                     \
    X(int, pthread_spin_lock, (pthread_spinlock_t *))                                                        \
    X(int, pthread_spin_trylock, (pthread_spinlock_t *))                                                     \
    X(int, pthread_spin_unlock, (pthread_spinlock_t *))                                                      \
    X(int, pthread_barrier_init, (pthread_barrier_t *, const pthread_barrierattr_t *, unsigned))             \
    X(int, pthread_barrier_destroy, (pthread_barrier_t *))                                                   \
    X(int, pthread_barrier_wait, (pthread_barrier_t *))                                                      \
    X(int, pthread_create, (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))                 \
    X(int, pthread_join, (pthread_t, void **))                                                               \
    X(int, pthread_tryjoin_np, (pthread_t, void **))                                                         \
    X(int, pthread_timedjoin_np, (pthread_t, void **, const struct timespec *))                              \
    X(int, pthread_clockjoin_np, (pthread_t, void **, clockid_t, const struct timespec *))                   \
    X(void, pthread_exit, (void *))                                                                          \
    X(int, pthread_cancel, (pthread_t))                                                                      \
    X(int, pthread_detach, (pthread_t))                                                                      \
    X(int, pthread_once, (pthread_once_t *, void (*)(void)))                                                 \
    X(void, flockfile, (FILE *))                                                                             \
    X(int, ftrylockfile, (FILE *))                                                                           \
    X(void, funlockfile, (FILE *))                                                                           \
    X(pid_t, fork, (void))                                                                                   \
    X(pid_t, _Fork, (void))                                                                                  \
    X(int, clone, (int (*)(void *), void *, int, void *, ...))                                               \
    X(int, dlclose, (void *))                                                                                \
    X(int, setuid, (uid_t))                                                                                  \
    X(int, seteuid, (uid_t))                                                                                 \
    X(int, setreuid, (uid_t, uid_t))                                                                         \
    X(int, setresuid, (uid_t, uid_t, uid_t))                                                                 \
    X(int, chroot, (const char *))

/* These say -1 and errno. */
#define REAL_FUNCTIONS_ERRNO(X)                                                                              \
    X(int, sem_init, (sem_t *, int, unsigned))                                                               \
    X(int, sem_destroy, (sem_t *))                                                                           \
    X(int, sem_close, (sem_t *))                                                                             \
    X(int, sem_wait, (sem_t *))                                                                              \
    X(int, sem_trywait, (sem_t *))                                                                           \
    X(int, sem_timedwait, (sem_t *, const struct timespec *))                                                \
    X(int, sem_clockwait, (sem_t *, clockid_t, const struct timespec *))                                     \
    X(int, sem_post, (sem_t *))                                                                              \
    X(sem_t *, sem_open, (const char *, int, ...))                                                           \
    X(int, fclose, (FILE *))                                                                                 \
    X(int, flock, (int, int))                                                                                \
    X(int, lockf, (int, int, off_t))                                                                         \
    X(int, lockf64, (int, int, off_t))                                                                       \
    X(int, fcntl, (int, int, ...))                                                                           \
    X(int, fcntl64, (int, int, ...))                                                                         \
    X(long, syscall, (long, ...))                                                                            \
    X(int, prctl, (int, ...))                                                                                \
    X(int, sigaction, (int, const struct sigaction *, struct sigaction *))                                   \
    X(real_signal_handler, signal, (int, real_signal_handler))                                               \
    X(real_signal_handler, __sysv_signal, (int, real_signal_handler))

/* These say thrd_success, thrd_error and the like, or nothing. */
#define REAL_FUNCTIONS_C11(X)                                                                                \
    X(int, mtx_init, (mtx_t *, int))                                                                         \
    X(void, mtx_destroy, (mtx_t *))                                                                          \
    X(int, mtx_lock, (mtx_t *))                                                                              \
    X(int, mtx_trylock, (mtx_t *))                                                                           \
    X(int, mtx_timedlock, (mtx_t *, const struct timespec *))                                                \
    X(int, mtx_unlock, (mtx_t *))                                                                            \
    X(int, cnd_init, (cnd_t *))                                                                              \
    X(void, cnd_destroy, (cnd_t *))                                                                          \
    X(int, cnd_signal, (cnd_t *))                                                                            \
    X(int, cnd_broadcast, (cnd_t *))                                                                         \
    X(int, cnd_wait, (cnd_t *, mtx_t *))                                                                     \
    X(int, cnd_timedwait, (cnd_t *, mtx_t *, const struct timespec *))                                       \
    X(int, thrd_create, (thrd_t *, thrd_start_t, void *))                                                    \
    X(int, thrd_join, (thrd_t, int *))                                                                       \
    X(int, thrd_detach, (thrd_t))                                                                            \
    X(void, thrd_exit, (int))                                                                                \
    X(void, call_once, (once_flag *, void (*)(void)))

/* glibc's of before 2.3.2, whose conditions look different inside. They are found by version: programs of
 * that time know no sanitizer that could come between. */
#define REAL_FUNCTIONS_OLD(X)                                                                                \
    X(int, pthread_cond_wait, (pthread_cond_t *, pthread_mutex_t *))                                         \
    X(int, pthread_cond_timedwait, (pthread_cond_t *, pthread_mutex_t *, const struct timespec *))           \
    X(int, pthread_cond_signal, (pthread_cond_t *))                                                          \
    X(int, pthread_cond_broadcast, (pthread_cond_t *))                                                       \
    X(int, pthread_cond_init, (pthread_cond_t *, const pthread_condattr_t *))                                \
    X(int, pthread_cond_destroy, (pthread_cond_t *))

#define REAL_DECLARE(result, name, parameters)                                                               \
    extern result(*real_##name##_now) parameters;                                                            \
    result real_##name##_find parameters;
REAL_FUNCTIONS(REAL_DECLARE)
REAL_FUNCTIONS_ERRNO(REAL_DECLARE)
REAL_FUNCTIONS_C11(REAL_DECLARE)
#undef REAL_DECLARE
#define REAL_DECLARE(result, name, parameters) extern result(*real_##name##_before) parameters;
REAL_FUNCTIONS_OLD(REAL_DECLARE)
#undef REAL_DECLARE

/* Call it as REAL(pthread_mutex_lock)(mutex). */
#define REAL(name) (__atomic_load_n(&real_##name##_now, __ATOMIC_RELAXED))

/* The old version. */
#define OLD(name) (__atomic_load_n(&real_##name##_before, __ATOMIC_RELAXED))

/* Look up every function. From the constructor. */
void real_start(void);

/* Whether the next pthread_mutex_lock is libc's own. If it is a sanitizer's, hooks call it as the program
 * does, so that it sees a lock and not a trylock. */
extern bool real_is_libc;

/* Whether the next mtx_lock is libc's own. Another library's may keep something else than pthread objects in
 * a mtx_t: then C11's functions are all passed through. */
extern bool real_c11_is_libc;

/* The same of pthread_once and call_once, whose word then tells whether the routine has ended. */
extern bool real_once_is_libc;

#endif
