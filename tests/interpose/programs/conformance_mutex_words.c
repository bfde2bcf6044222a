/* What is in a mutex after each call, also where a call site has been met so often that the library takes and
 * releases it without libc. */
#define _GNU_SOURCE
#include <semaphore.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

enum { OFTEN = 200 };

static pthread_mutex_t mutex, inner;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pid_t other;

static const struct {
    const char *name;
    int value;
} types[] = {{"default", PTHREAD_MUTEX_DEFAULT},
             {"normal", PTHREAD_MUTEX_NORMAL},
             {"recursive", PTHREAD_MUTEX_RECURSIVE},
             {"errorcheck", PTHREAD_MUTEX_ERRORCHECK},
             {"adaptive", PTHREAD_MUTEX_ADAPTIVE_NP}};

static void tell(const char *when) {
    const char *owner = mutex.__data.__owner == 0          ? "nobody"
                        : mutex.__data.__owner == gettid() ? "this thread"
                        : mutex.__data.__owner == other    ? "the other thread"
                                                           : "somebody";
    int rest = 0;
    for (size_t i = offsetof(pthread_mutex_t, __data.__list); i < sizeof mutex;
         i++) /* how long it spins, chance says */
        rest += ((const unsigned char *)&mutex)[i] != 0;
    printf("%s: %s: word %d, depth %u, owner %s, users %u, kind %d, other bytes %d\n", conformance_stage,
           when, mutex.__data.__lock, mutex.__data.__count, owner, mutex.__data.__nusers, mutex.__data.__kind,
           rest);
}

/* The calls come from the same places in each round; the words are printed in the first and the last one. */
static void *rounds(void *type) {
    for (int i = 0; i < OFTEN; i++) {
        bool say = i == 0 || i == OFTEN - 1;
        int result = pthread_mutex_lock(&mutex);
        if (say)
            tell("locked"), conformance_tell("lock", result);
        if ((intptr_t)type == PTHREAD_MUTEX_RECURSIVE || (intptr_t)type == PTHREAD_MUTEX_ERRORCHECK) {
            int again = pthread_mutex_lock(&mutex);
            if (say)
                tell("locked again"), conformance_tell("lock", again);
            result = again == 0 ? pthread_mutex_unlock(&mutex) : 0;
            if (say)
                tell("unlocked once"), conformance_tell("unlock", result);
        }
        pthread_mutex_lock(&inner);
        pthread_mutex_unlock(&inner);
        result = pthread_mutex_unlock(&mutex);
        if (say)
            tell("unlocked"), conformance_tell("unlock", result);
    }
    return NULL;
}

static void *lock_and_wait_for_it(void *waiting) {
    other = gettid();
    sem_post(waiting);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

/* Who unlocks must wake who waits. */
static void contended(void) {
    for (int i = 0; i < OFTEN; i++) {
        pthread_t thread;
        sem_t waiting;
        sem_init(&waiting, 0, 0);
        pthread_mutex_lock(&mutex);
        pthread_create(&thread, NULL, lock_and_wait_for_it, &waiting);
        sem_wait(&waiting);
        if (i == OFTEN - 1) {
            conformance_until_asleep(other);
            tell("waited for");
        }
        pthread_mutex_unlock(&mutex);
        pthread_join(thread, NULL);
        sem_destroy(&waiting);
    }
    tell("after waits");
}

static void *signal_it(void *unused) {
    pthread_mutex_lock(&mutex);
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
    return unused;
}

static void waited_in_condition(void) {
    for (int i = 0; i < OFTEN; i++) {
        pthread_t thread;
        pthread_mutex_lock(&mutex);
        pthread_create(&thread, NULL, signal_it, NULL);
        pthread_cond_wait(&condition, &mutex);
        if (i == OFTEN - 1)
            tell("back from the condition");
        pthread_mutex_unlock(&mutex);
        pthread_join(thread, NULL);
    }
    tell("after conditions");
}

/* Where there is one thread, libc takes no atomic instructions. */
static void alone(intptr_t type) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        rounds((void *)type);
        fflush(stdout);
        _exit(0);
    }
    int status = 0;
    TELL_ERRNO(waitpid(child, &status, 0) == child && status == 0);
}

void conformance_mutex_words(void) {
    pthread_mutex_init(&inner, NULL);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        pthread_mutexattr_t attributes;
        conformance_stage_is("words %s", types[i].name);
        pthread_mutexattr_init(&attributes);
        pthread_mutexattr_settype(&attributes, types[i].value);
        memset(&mutex, 0, sizeof mutex);
        TELL(pthread_mutex_init(&mutex, &attributes));
        pthread_mutexattr_destroy(&attributes);
        tell("made");
        conformance_elsewhere(rounds, (void *)(intptr_t)types[i].value);
        contended();
        waited_in_condition();
        alone(types[i].value);
        TELL(pthread_mutex_destroy(&mutex));
        tell("destroyed");
    }
}
