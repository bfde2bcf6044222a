/* Objects that are none, and objects that go away. What comes back from each call is printed: it is the same
 * under gordian. */
#define _GNU_SOURCE
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/e2e/programs/kinds.h"

#define SHOW(call) printf("%s: %d\n", #call, call)

enum { PAGE = 4096, SIZE = 64 /* any of these objects fits */ };

static void idle(void) {
    await(1);
}

/* With a second thread: before there is one, little is looked at. */
static void begin(void) {
    start(idle);
}

static void end(void) {
    reach();
    finish(&actors[0]);
}

static void *map(int flags) {
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    REQUIRE(page != MAP_FAILED);
    return page;
}

/* ---- objects that are none ---- */

/* The calls that do not wait when the memory is full of ones. */
static void all_ones(void) {
    static pthread_mutex_t mutex;
    static pthread_rwlock_t rwlock;
    static pthread_spinlock_t spin;
    static sem_t semaphore;
    begin();
    memset(&mutex, 0xff, sizeof mutex);
    memset(&rwlock, 0xff, sizeof rwlock);
    memset((void *)&spin, 0xff, sizeof spin);
    memset(&semaphore, 0xff, sizeof semaphore);
    for (int i = 0; i < 2; i++) {
        struct timespec past = {.tv_sec = 1};
        SHOW(pthread_mutex_trylock(&mutex));
        SHOW(pthread_mutex_lock(&mutex));
        SHOW(pthread_mutex_timedlock(&mutex, &past));
        SHOW(pthread_mutex_unlock(&mutex));
        SHOW(pthread_rwlock_tryrdlock(&rwlock));
        SHOW(pthread_rwlock_trywrlock(&rwlock));
        SHOW(pthread_spin_trylock(&spin));
        SHOW(sem_trywait(&semaphore));
    }
    SHOW(pthread_mutex_destroy(&mutex));
    SHOW(pthread_rwlock_destroy(&rwlock));
    SHOW(sem_destroy(&semaphore));
    SHOW(pthread_mutex_init(&mutex, NULL));
    SHOW(pthread_mutex_lock(&mutex));
    SHOW(pthread_mutex_unlock(&mutex));
    end();
}

static void text_instead(void) {
    static union {
        char text[64];
        pthread_mutex_t mutex;
        pthread_cond_t condition;
        sem_t semaphore;
    } memory;
    begin();
    for (int i = 0; i < 26; i++) {
        memset(memory.text, 'a' + i, sizeof memory.text);
        SHOW(pthread_mutex_trylock(&memory.mutex));
        memset(memory.text, 'A' + i, sizeof memory.text);
        SHOW(sem_trywait(&memory.semaphore));
    }
    end();
}

/* ---- copies ---- */

static void copied(void) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, copy;
    sem_t semaphore, other;
    begin();
    SHOW(pthread_mutex_lock(&mutex));
    memcpy(&copy, &mutex, sizeof copy);
    SHOW(pthread_mutex_trylock(&copy));
    SHOW(pthread_mutex_unlock(&copy));
    SHOW(pthread_mutex_lock(&copy));
    SHOW(pthread_mutex_unlock(&mutex));
    SHOW(pthread_mutex_unlock(&copy));
    memcpy(&copy, &mutex, sizeof copy);
    SHOW(pthread_mutex_lock(&copy));
    SHOW(pthread_mutex_lock(&mutex));
    SHOW(pthread_mutex_unlock(&copy));
    SHOW(pthread_mutex_unlock(&mutex));
    SHOW(sem_init(&semaphore, 0, 2));
    SHOW(sem_wait(&semaphore));
    memcpy(&other, &semaphore, sizeof other);
    SHOW(sem_wait(&semaphore));
    SHOW(sem_wait(&other));
    SHOW(sem_trywait(&other));
    end();
}

/* ---- memory that goes away ---- */

/* Freed while it is held, filled with something else, and made into a lock again. */
static void freed_and_reused(void) {
    begin();
    for (int i = 0; i < 10; i++) {
        pthread_mutex_t *mutex = malloc(SIZE);
        pthread_mutex_init(mutex, NULL);
        pthread_mutex_lock(mutex);
        free(mutex);
        char *text = malloc(SIZE);
        memset(text, 'x', SIZE);
        free(text);
        sem_t *semaphore = malloc(SIZE);
        sem_init(semaphore, 0, 1);
        SHOW(sem_wait(semaphore));
        SHOW(sem_trywait(semaphore));
        free(semaphore);
        pthread_rwlock_t *rwlock = malloc(SIZE);
        pthread_rwlock_init(rwlock, NULL);
        SHOW(pthread_rwlock_tryrdlock(rwlock));
        free(rwlock);
    }
    end();
}

static void take_and_unmap(void) {
    pthread_mutex_t *inner = map(MAP_PRIVATE), *outer = map(MAP_PRIVATE);
    sem_t *semaphore = map(MAP_SHARED);
    pthread_cond_t *condition = map(MAP_PRIVATE);
    pthread_barrier_t *barrier = map(MAP_SHARED);
    pthread_rwlock_t *rwlock = map(MAP_PRIVATE);
    SHOW(pthread_mutex_init(inner, NULL));
    SHOW(pthread_mutex_init(outer, NULL));
    SHOW(sem_init(semaphore, 1, 1));
    SHOW(pthread_cond_init(condition, NULL));
    SHOW(pthread_barrier_init(barrier, NULL, 1));
    SHOW(pthread_rwlock_init(rwlock, NULL));
    SHOW(pthread_mutex_lock(outer));
    SHOW(pthread_mutex_lock(inner));
    SHOW(sem_wait(semaphore));
    SHOW(pthread_cond_signal(condition));
    SHOW(pthread_barrier_wait(barrier));
    SHOW(pthread_rwlock_rdlock(rwlock));
    SHOW(munmap(inner, PAGE));
    SHOW(munmap(outer, PAGE));
    SHOW(munmap(semaphore, PAGE));
    SHOW(munmap(condition, PAGE));
    SHOW(munmap(barrier, PAGE));
    SHOW(munmap(rwlock, PAGE));
}

/* Known and held, and not there any more; then others at the same addresses, and a thread that ends. */
static void unmapped(void) {
    begin();
    finish(start(take_and_unmap));
    take_and_unmap();
    finish(start(take_and_unmap));
    end();
}

static void *freed_stack;

static void *use_own_stack(void *unused) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    SHOW(pthread_mutex_lock(&mutex));
    SHOW(sem_post(&semaphore));
    SHOW(sem_wait(&semaphore));
    return unused;
}

/* On stacks that the program made, and unmaps when the thread has ended. */
static void stack_unmapped(void) {
    begin();
    for (int i = 0; i < 3; i++) {
        pthread_attr_t attributes;
        pthread_t thread;
        size_t size = 256 << 10;
        freed_stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        REQUIRE(freed_stack != MAP_FAILED);
        pthread_attr_init(&attributes);
        pthread_attr_setstack(&attributes, freed_stack, size);
        REQUIRE(pthread_create(&thread, &attributes, use_own_stack, NULL) == 0);
        pthread_attr_destroy(&attributes);
        SHOW(pthread_join(thread, NULL));
        SHOW(munmap(freed_stack, size));
    }
    end();
}

/* ---- processes that die ---- */

static pthread_mutex_t *shared_mutex(bool robust) {
    pthread_mutexattr_t attributes;
    pthread_mutex_t *mutex = map(MAP_SHARED);
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (robust)
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return mutex;
}

static void lock_and_die(pthread_mutex_t *mutex, int number) {
    int status;
    fflush(stdout);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        pthread_mutex_lock(mutex);
        if (number)
            raise(number);
        _exit(7);
    }
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(number ? WIFSIGNALED(status) && WTERMSIG(status) == number : WEXITSTATUS(status) == 7);
}

static void process_died_holding(void) {
    static const int ways[] = {0, SIGKILL, SIGTERM};
    begin();
    for (int i = 0; i < 3; i++) {
        struct timespec soon = after_ms(CLOCK_REALTIME, 10);
        pthread_mutex_t *mutex = shared_mutex(false);
        lock_and_die(mutex, ways[i]);
        SHOW(pthread_mutex_trylock(mutex));
        SHOW(pthread_mutex_timedlock(mutex, &soon));
        munmap(mutex, PAGE);
    }
    end();
}

static void process_died_holding_robust(void) {
    static const int ways[] = {0, SIGKILL, SIGTERM};
    begin();
    for (int i = 0; i < 3; i++) {
        pthread_mutex_t *mutex = shared_mutex(true);
        lock_and_die(mutex, ways[i]);
        SHOW(pthread_mutex_lock(mutex));
        SHOW(pthread_mutex_consistent(mutex));
        SHOW(pthread_mutex_unlock(mutex));
        SHOW(pthread_mutex_lock(mutex));
        SHOW(pthread_mutex_unlock(mutex));
        munmap(mutex, PAGE);
    }
    end();
}

static const struct scenario scenarios[] = {
    {"all_ones", all_ones},
    {"text_instead", text_instead},
    {"copied", copied},
    {"freed_and_reused", freed_and_reused},
    {"unmapped", unmapped},
    {"stack_unmapped", stack_unmapped},
    {"process_died_holding", process_died_holding},
    {"process_died_holding_robust", process_died_holding_robust},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
