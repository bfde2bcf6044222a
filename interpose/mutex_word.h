/* Taking and releasing a mutex that nobody else wants without a call: what pthread_mutex_lock and _unlock do
 * with one that is private to the process, not robust and without a priority protocol.
 *
 * glibc keeps the lock word, the owner, the number of users, the depth and the type at places that are part
 * of its ABI, since static initialisers write them. Whether this libc does, and does with them what we do, is
 * tried when the library starts: if a mutex locked or unlocked by us and one locked or unlocked by libc ever
 * differ in a byte, all are left to libc. So they are where another library's functions come next, as a
 * sanitizer's, and under Valgrind's detectors: these want to see each call.
 */
#ifndef GORDIAN_INTERPOSE_MUTEX_WORD_H
#define GORDIAN_INTERPOSE_MUTEX_WORD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Try it out. From the constructor. */
void mutex_word_start(void);

/* What a thread of this kernel id is called in a mutex; 0 where libc must do it all. */
uint32_t mutex_word_owner(uint32_t tid);

/* Not 0 while the process has one thread, and libc uses no atomic instructions. */
extern const char *mutex_word_single;

/* All of these are for a thread that has the name `owner` in a mutex. They return whether it was done; if
 * not, nothing was changed, and libc is to be asked. */

#ifdef __GLIBC__
#define MUTEX_WORD_TYPE 3u
/* All that is allowed in a simple mutex's kind: the type, and that elision is not wanted. */
#define MUTEX_WORD_SIMPLE (MUTEX_WORD_TYPE | 512u)

/* Exchange the lock word, which is as expected in nearly all cases. */
__attribute__((always_inline)) static inline bool mutex_word_change(int *word, int from, int to) {
    if (*mutex_word_single) {
        if (__atomic_load_n(word, __ATOMIC_RELAXED) != from)
            return false;
        __atomic_store_n(word, to, __ATOMIC_RELAXED);
        return true;
    }
    return __builtin_expect(
        __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED), 1);
}

static inline bool mutex_word_recursive(const pthread_mutex_t *mutex) {
    return (mutex->__data.__kind & (int)MUTEX_WORD_TYPE) == PTHREAD_MUTEX_RECURSIVE;
}

/* Take the mutex if it is free. The thread must not hold it. */
__attribute__((always_inline)) static inline bool mutex_word_take(pthread_mutex_t *mutex, uint32_t owner) {
    if (__builtin_expect((uint32_t)mutex->__data.__kind & ~MUTEX_WORD_SIMPLE, 0) ||
        !mutex_word_change(&mutex->__data.__lock, 0, 1))
        return false;
    if (mutex_word_recursive(mutex))
        mutex->__data.__count = 1;
    mutex->__data.__owner = (int)owner;
    mutex->__data.__nusers++;
    return true;
}

/* Release the mutex if the thread holds it once and nobody waits. */
__attribute__((always_inline)) static inline bool mutex_word_release(pthread_mutex_t *mutex, uint32_t owner) {
    if (__builtin_expect((uint32_t)mutex->__data.__kind & ~MUTEX_WORD_SIMPLE, 0) ||
        __builtin_expect((uint32_t)mutex->__data.__owner != owner, 0))
        return false;
    bool recursive = mutex_word_recursive(mutex);
    if (recursive) {
        if (mutex->__data.__count != 1)
            return false;
        mutex->__data.__count = 0;
    }
    mutex->__data.__owner = 0;
    mutex->__data.__nusers--;
    if (mutex_word_change(&mutex->__data.__lock, 1, 0))
        return true;
    mutex->__data.__nusers++; /* still ours */
    mutex->__data.__owner = (int)owner;
    if (recursive)
        mutex->__data.__count = 1;
    return false;
}

/* Take a recursive mutex that the thread holds once more, or once less than more than once. */
static inline bool mutex_word_deepen(pthread_mutex_t *mutex, uint32_t owner, bool more) {
    if ((uint32_t)mutex->__data.__kind & ~MUTEX_WORD_SIMPLE || (uint32_t)mutex->__data.__owner != owner ||
        !mutex_word_recursive(mutex) || mutex->__data.__count + more <= 1)
        return false;
    mutex->__data.__count += more ? 1u : -1u;
    return true;
}
#else
static inline bool mutex_word_take(pthread_mutex_t *mutex, uint32_t owner) {
    (void)mutex, (void)owner;
    return false;
}
static inline bool mutex_word_release(pthread_mutex_t *mutex, uint32_t owner) {
    (void)mutex, (void)owner;
    return false;
}
static inline bool mutex_word_deepen(pthread_mutex_t *mutex, uint32_t owner, bool more) {
    (void)mutex, (void)owner, (void)more;
    return false;
}
#endif

#endif
