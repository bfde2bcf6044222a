#define _GNU_SOURCE
#include "interpose/mutex_word.h"

#include "interpose/raw.h"
#include "interpose/real.h"
#include "interpose/text.h"

static const char none;
const char *mutex_word_single = &none;
static bool usable;

#ifdef __GLIBC__
extern char __libc_single_threaded __attribute__((weak));

static bool same_bytes(const pthread_mutex_t *a, const pthread_mutex_t *b) {
    const unsigned char *x = (const unsigned char *)a, *y = (const unsigned char *)b;
    unsigned differs = 0;
    for (size_t i = 0; i < sizeof *a; i++)
        differs |= x[i] ^ y[i];
    return differs == 0;
}

/* One that is locked by us is the same as one locked by libc, and each can unlock the other's. */
static bool agrees(pthread_mutex_t free_mutex, uint32_t owner) {
    pthread_mutex_t ours = free_mutex, libcs = free_mutex;
    bool same = mutex_word_take(&ours, owner) && !mutex_word_take(&ours, owner) &&
                REAL(pthread_mutex_lock)(&libcs) == 0 && same_bytes(&ours, &libcs);
    if (same && mutex_word_recursive(&free_mutex))
        same = !mutex_word_deepen(&ours, owner, false) && mutex_word_deepen(&ours, owner, true) &&
               !mutex_word_release(&ours, owner) && REAL(pthread_mutex_lock)(&libcs) == 0 &&
               same_bytes(&ours, &libcs) && mutex_word_deepen(&libcs, owner, false) &&
               REAL(pthread_mutex_unlock)(&ours) == 0 && same_bytes(&ours, &libcs);
    return same && REAL(pthread_mutex_unlock)(&ours) == 0 && mutex_word_release(&libcs, owner) &&
           !mutex_word_release(&libcs, owner) && same_bytes(&ours, &libcs) && same_bytes(&ours, &free_mutex);
}
#endif

/* Valgrind sees the calls into libc, wherever they come from. */
static bool is_watched(void) {
    extern char **environ;
    for (char **e = environ; e && *e; e++) {
        if (!text_starts(*e, "LD_PRELOAD="))
            continue;
        for (const char *at = *e; *at; at++)
            if (text_starts(at, "vgpreload_helgrind") || text_starts(at, "vgpreload_drd"))
                return true;
    }
    return false;
}

void mutex_word_start(void) {
#ifdef __GLIBC__
    static const pthread_mutex_t simple[] = {
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP,
        PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP, PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP};
    uint32_t owner = (uint32_t)raw_gettid();
    if (!real_is_libc || is_watched())
        return;
    for (size_t i = 0; i < sizeof simple / sizeof simple[0]; i++) {
        /* Both with the atomic instruction and without. */
        if (!agrees(simple[i], owner))
            return;
        mutex_word_single = &__libc_single_threaded ? &__libc_single_threaded : &none;
        bool alone = agrees(simple[i], owner);
        mutex_word_single = &none;
        if (!alone)
            return;
    }
    mutex_word_single = &__libc_single_threaded ? &__libc_single_threaded : &none;
    usable = true;
#endif
}

uint32_t mutex_word_owner(uint32_t tid) {
    return usable ? tid : 0;
}
