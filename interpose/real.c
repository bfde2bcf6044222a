#define _GNU_SOURCE
#include "interpose/real.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/types.h>

bool real_is_libc = true, real_c11_is_libc = true, real_once_is_libc = true;

/* Each pointer starts at a finder that looks the function up and calls it. The result of dlsym goes through a
 * local: a tail call would make dlsym see the loader as its caller. */
#define REAL_POINTER(result, name, parameters) result(*real_##name##_now) parameters = real_##name##_find;
REAL_FUNCTIONS(REAL_POINTER)
REAL_FUNCTIONS_ERRNO(REAL_POINTER)
REAL_FUNCTIONS_C11(REAL_POINTER)
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
FINDER(pthread_cancel, (pthread_t p), (p))
FINDER(pthread_detach, (pthread_t p), (p))
FINDER(pthread_once, (pthread_once_t * o, void (*f)(void)), (o, f))
void real_pthread_exit_find(void *value) {
    REAL_LOOK_UP(pthread_exit)
    if (found)
        found(value);
    __builtin_trap();
}

FINDER(dlclose, (void *h), (h))

#define R pthread_rwlock_t *r
FINDER(pthread_cond_signal, (pthread_cond_t * c), (c))
FINDER(pthread_cond_broadcast, (pthread_cond_t * c), (c))
FINDER(pthread_cond_init, (pthread_cond_t * c, const pthread_condattr_t *a), (c, a))
FINDER(pthread_cond_destroy, (pthread_cond_t * c), (c))
FINDER(pthread_rwlock_init, (R, const pthread_rwlockattr_t *a), (r, a))
FINDER(pthread_rwlock_destroy, (R), (r))
FINDER(pthread_rwlock_rdlock, (R), (r))
FINDER(pthread_rwlock_wrlock, (R), (r))
FINDER(pthread_rwlock_tryrdlock, (R), (r))
FINDER(pthread_rwlock_trywrlock, (R), (r))
FINDER(pthread_rwlock_timedrdlock, (R, const struct timespec *t), (r, t))
FINDER(pthread_rwlock_timedwrlock, (R, const struct timespec *t), (r, t))
FINDER(pthread_rwlock_clockrdlock, (R, clockid_t c, const struct timespec *t), (r, c, t))
FINDER(pthread_rwlock_clockwrlock, (R, clockid_t c, const struct timespec *t), (r, c, t))
FINDER(pthread_rwlock_unlock, (R), (r))
#undef R
FINDER(pthread_spin_init, (pthread_spinlock_t * s, int p), (s, p))
FINDER(pthread_spin_destroy, (pthread_spinlock_t * s), (s))
FINDER(pthread_spin_lock, (pthread_spinlock_t * s), (s))
FINDER(pthread_spin_trylock, (pthread_spinlock_t * s), (s))
FINDER(pthread_spin_unlock, (pthread_spinlock_t * s), (s))
FINDER(pthread_barrier_init, (pthread_barrier_t * b, const pthread_barrierattr_t *a, unsigned n), (b, a, n))
FINDER(pthread_barrier_destroy, (pthread_barrier_t * b), (b))
FINDER(pthread_barrier_wait, (pthread_barrier_t * b), (b))

#define FINDER_ERRNO(name, parameters, arguments)                                                            \
    int real_##name##_find parameters {                                                                      \
        REAL_LOOK_UP(name)                                                                                   \
        if (found)                                                                                           \
            return found arguments;                                                                          \
        errno = ENOSYS;                                                                                      \
        return -1;                                                                                           \
    }

FINDER_ERRNO(sem_init, (sem_t * s, int p, unsigned v), (s, p, v))
FINDER_ERRNO(sem_destroy, (sem_t * s), (s))
FINDER_ERRNO(sem_close, (sem_t * s), (s))
FINDER_ERRNO(sem_wait, (sem_t * s), (s))
FINDER_ERRNO(sem_trywait, (sem_t * s), (s))
FINDER_ERRNO(sem_timedwait, (sem_t * s, const struct timespec *t), (s, t))
FINDER_ERRNO(sem_clockwait, (sem_t * s, clockid_t c, const struct timespec *t), (s, c, t))
FINDER_ERRNO(sem_post, (sem_t * s), (s))
FINDER_ERRNO(fork, (void), ())
FINDER_ERRNO(_Fork, (void), ())
FINDER_ERRNO(setuid, (uid_t u), (u))
FINDER_ERRNO(seteuid, (uid_t e), (e))
FINDER_ERRNO(setreuid, (uid_t r, uid_t e), (r, e))
FINDER_ERRNO(setresuid, (uid_t r, uid_t e, uid_t s), (r, e, s))
FINDER_ERRNO(chroot, (const char *p), (p))

int real_prctl_find(int option, ...) {
    va_list more;
    unsigned long a[4];
    REAL_LOOK_UP(prctl)
    va_start(more, option);
    for (int i = 0; i < 4; i++)
        a[i] = va_arg(more, unsigned long);
    va_end(more);
    if (found)
        return found(option, a[0], a[1], a[2], a[3]);
    errno = ENOSYS;
    return -1;
}

FINDER_ERRNO(sigaction, (int n, const struct sigaction *s, struct sigaction *o), (n, s, o))

#define FINDER_SIGNAL(name)                                                                                  \
    real_signal_handler real_##name##_find(int number, real_signal_handler handler) {                        \
        REAL_LOOK_UP(name)                                                                                   \
        if (found)                                                                                           \
            return found(number, handler);                                                                   \
        errno = ENOSYS;                                                                                      \
        return SIG_ERR;                                                                                      \
    }
FINDER_SIGNAL(signal)
FINDER_SIGNAL(__sysv_signal)

int real_clone_find(int (*run)(void *), void *stack, int flags, void *argument, ...) {
    va_list more;
    REAL_LOOK_UP(clone)
    va_start(more, argument);
    void *parent_tid = va_arg(more, void *), *tls = va_arg(more, void *), *child_tid = va_arg(more, void *);
    va_end(more);
    if (found)
        return found(run, stack, flags, argument, parent_tid, tls, child_tid);
    errno = ENOSYS;
    return -1;
}

sem_t *real_sem_open_find(const char *name, int flags, ...) {
    va_list more;
    REAL_LOOK_UP(sem_open)
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    unsigned value = flags & O_CREAT ? va_arg(more, unsigned) : 0;
    va_end(more);
    if (found)
        return found(name, flags, mode, value);
    errno = ENOSYS;
    return SEM_FAILED;
}

FINDER_ERRNO(fclose, (FILE * f), (f))
FINDER_ERRNO(flock, (int f, int o), (f, o))
FINDER_ERRNO(lockf, (int f, int c, off_t n), (f, c, n))
FINDER_ERRNO(lockf64, (int f, int c, off_t n), (f, c, n))

/* The argument, if there is one, is a number or a pointer. */
#define FINDER_FCNTL(name)                                                                                   \
    int real_##name##_find(int file, int command, ...) {                                                     \
        va_list more;                                                                                        \
        REAL_LOOK_UP(name)                                                                                   \
        va_start(more, command);                                                                             \
        void *argument = va_arg(more, void *);                                                               \
        va_end(more);                                                                                        \
        if (found)                                                                                           \
            return found(file, command, argument);                                                           \
        errno = ENOSYS;                                                                                      \
        return -1;                                                                                           \
    }
FINDER_FCNTL(fcntl)
FINDER_FCNTL(fcntl64)

long real_syscall_find(long number, ...) {
    va_list more;
    long a[6];
    REAL_LOOK_UP(syscall)
    va_start(more, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(more, long);
    va_end(more);
    if (found)
        return found(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    errno = ENOSYS;
    return -1;
}

#define FINDER_C11(name, parameters, arguments)                                                              \
    int real_##name##_find parameters {                                                                      \
        REAL_LOOK_UP(name)                                                                                   \
        return found ? found arguments : thrd_error;                                                         \
    }

#define FINDER_VOID(name, parameters, arguments)                                                             \
    void real_##name##_find parameters {                                                                     \
        REAL_LOOK_UP(name)                                                                                   \
        if (found)                                                                                           \
            found arguments;                                                                                 \
    }

FINDER_VOID(flockfile, (FILE * f), (f))
FINDER(ftrylockfile, (FILE * f), (f))
FINDER_VOID(funlockfile, (FILE * f), (f))
FINDER_C11(mtx_init, (mtx_t * m, int k), (m, k))
FINDER_VOID(mtx_destroy, (mtx_t * m), (m))
FINDER_C11(mtx_lock, (mtx_t * m), (m))
FINDER_C11(mtx_trylock, (mtx_t * m), (m))
FINDER_C11(mtx_timedlock, (mtx_t * m, const struct timespec *t), (m, t))
FINDER_C11(mtx_unlock, (mtx_t * m), (m))
FINDER_C11(cnd_init, (cnd_t * c), (c))
FINDER_VOID(cnd_destroy, (cnd_t * c), (c))
FINDER_C11(cnd_signal, (cnd_t * c), (c))
FINDER_C11(cnd_broadcast, (cnd_t * c), (c))
FINDER_C11(cnd_wait, (cnd_t * c, mtx_t *m), (c, m))
FINDER_C11(cnd_timedwait, (cnd_t * c, mtx_t *m, const struct timespec *t), (c, m, t))
FINDER_VOID(call_once, (once_flag * o, void (*f)(void)), (o, f))
FINDER_C11(thrd_create, (thrd_t * h, thrd_start_t f, void *x), (h, f, x))
FINDER_C11(thrd_join, (thrd_t h, int *r), (h, r))
FINDER_C11(thrd_detach, (thrd_t h), (h))
void real_thrd_exit_find(int value) {
    REAL_LOOK_UP(thrd_exit)
    if (found)
        found(value);
    __builtin_trap();
}

#define FINDER_OLD(name, parameters, arguments)                                                              \
    static int find_old_##name parameters {                                                                  \
        void *volatile found = dlvsym(RTLD_NEXT, #name, "GLIBC_2.2.5");                                      \
        if (!found)                                                                                          \
            return ENOSYS;                                                                                   \
        __atomic_store_n((void **)&real_##name##_before, found, __ATOMIC_RELAXED);                           \
        return OLD(name) arguments;                                                                          \
    }                                                                                                        \
    int(*real_##name##_before) parameters = find_old_##name;

FINDER_OLD(pthread_cond_wait, (pthread_cond_t * c, pthread_mutex_t *m), (c, m))
FINDER_OLD(pthread_cond_timedwait, (pthread_cond_t * c, pthread_mutex_t *m, const struct timespec *t),
           (c, m, t))
FINDER_OLD(pthread_cond_signal, (pthread_cond_t * c), (c))
FINDER_OLD(pthread_cond_broadcast, (pthread_cond_t * c), (c))
FINDER_OLD(pthread_cond_init, (pthread_cond_t * c, const pthread_condattr_t *a), (c, a))
FINDER_OLD(pthread_cond_destroy, (pthread_cond_t * c), (c))

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
    REAL_FUNCTIONS_ERRNO(REAL_START)
    REAL_FUNCTIONS_C11(REAL_START)
#undef REAL_START
    real_is_libc = in_libc((void *)(uintptr_t)REAL(pthread_mutex_lock));
    real_c11_is_libc = in_libc((void *)(uintptr_t)REAL(mtx_lock));
    real_once_is_libc =
        in_libc((void *)(uintptr_t)REAL(pthread_once)) && in_libc((void *)(uintptr_t)REAL(call_once));
}
