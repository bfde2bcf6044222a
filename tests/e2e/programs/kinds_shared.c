/* Two processes that share what they lock and wait for, as it should be: nothing is reported. */
#define _GNU_SOURCE
#include <errno.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/e2e/programs/kinds.h"

enum { ROUNDS = 500 };

static struct {
    pthread_mutex_t left, right, robust;
    pthread_rwlock_t book;
    pthread_spinlock_t spin;
    pthread_cond_t changed;
    pthread_barrier_t meeting;
    sem_t lock, filled, emptied;
    long turn, counted;
} *shared;

static void make_shared(void) {
    pthread_mutexattr_t mutex;
    pthread_rwlockattr_t rwlock;
    pthread_condattr_t condition;
    pthread_barrierattr_t barrier;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(shared != MAP_FAILED);
    pthread_mutexattr_init(&mutex);
    pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->left, &mutex);
    pthread_mutex_init(&shared->right, &mutex);
    pthread_mutexattr_setrobust(&mutex, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&shared->robust, &mutex);
    pthread_rwlockattr_init(&rwlock);
    pthread_rwlockattr_setpshared(&rwlock, PTHREAD_PROCESS_SHARED);
    pthread_rwlock_init(&shared->book, &rwlock);
    pthread_spin_init(&shared->spin, PTHREAD_PROCESS_SHARED);
    pthread_condattr_init(&condition);
    pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
    pthread_cond_init(&shared->changed, &condition);
    pthread_barrierattr_init(&barrier);
    pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&shared->meeting, &barrier, 2);
    sem_init(&shared->lock, 1, 1);
    sem_init(&shared->filled, 1, 0);
    sem_init(&shared->emptied, 1, 1);
}

/* One process does the one, its child the other. */
static void in_two_processes(void (*act)(void), void (*child_act)(void)) {
    int status;
    make_shared();
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        child_act();
        exit(0);
    }
    act();
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    printf("%ld\n", shared->counted);
}

static void count_under_both(void) {
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&shared->left);
        pthread_mutex_lock(&shared->right);
        shared->counted++;
        pthread_mutex_unlock(&shared->right);
        pthread_mutex_unlock(&shared->left);
    }
}

static void mutexes(void) {
    in_two_processes(count_under_both, count_under_both);
}

static void read_and_write(void) {
    for (int i = 0; i < ROUNDS; i++) {
        pthread_rwlock_rdlock(&shared->book);
        pthread_rwlock_unlock(&shared->book);
        pthread_rwlock_wrlock(&shared->book);
        shared->counted++;
        pthread_rwlock_unlock(&shared->book);
    }
}

static void rwlocks(void) {
    in_two_processes(read_and_write, read_and_write);
}

static void count_spinning(void) {
    for (int i = 0; i < ROUNDS; i++) {
        pthread_spin_lock(&shared->spin);
        shared->counted++;
        pthread_spin_unlock(&shared->spin);
    }
}

static void spinlocks(void) {
    in_two_processes(count_spinning, count_spinning);
}

static void play(long self) {
    pthread_mutex_lock(&shared->left);
    while (shared->turn < ROUNDS) {
        while (shared->turn % 2 != self && shared->turn < ROUNDS)
            pthread_cond_wait(&shared->changed, &shared->left);
        shared->turn++;
        pthread_cond_signal(&shared->changed);
    }
    pthread_mutex_unlock(&shared->left);
}

static void ping(void) {
    play(0);
}

static void pong(void) {
    play(1);
}

static void conditions(void) {
    in_two_processes(ping, pong);
}

static void meet(void) {
    for (int i = 0; i < ROUNDS; i++)
        pthread_barrier_wait(&shared->meeting);
}

static void barriers(void) {
    in_two_processes(meet, meet);
}

static void count_under_semaphore(void) {
    for (int i = 0; i < ROUNDS; i++) {
        sem_wait(&shared->lock);
        shared->counted++;
        sem_post(&shared->lock);
    }
}

static void semaphore_as_lock(void) {
    in_two_processes(count_under_semaphore, count_under_semaphore);
}

static void produce(void) {
    for (int i = 0; i < ROUNDS; i++) {
        sem_wait(&shared->emptied);
        shared->counted++;
        sem_post(&shared->filled);
    }
}

static void consume(void) {
    for (int i = 0; i < ROUNDS; i++) {
        sem_wait(&shared->filled);
        shared->counted++;
        sem_post(&shared->emptied);
    }
}

static void producer_and_consumer(void) {
    in_two_processes(produce, consume);
}

static void die_holding(void) {
    pthread_mutex_lock(&shared->robust);
    sem_post(&shared->filled);
    _exit(0);
}

static void recover(void) {
    sem_wait(&shared->filled);
    REQUIRE(pthread_mutex_lock(&shared->robust) == EOWNERDEAD);
    REQUIRE(pthread_mutex_consistent(&shared->robust) == 0);
    pthread_mutex_unlock(&shared->robust);
}

static void robust(void) {
    in_two_processes(recover, die_holding);
}

static void *wait_in_a_thread(void *unused) {
    sem_wait(&shared->filled);
    return unused;
}

/* Each process has threads, and each of them waits for the other process. */
static void wait_in_all_threads(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, wait_in_a_thread, NULL);
    pthread_barrier_wait(&shared->meeting);
    pthread_join(thread, NULL);
}

static void wake_the_other(void) {
    usleep(20000);
    sem_post(&shared->filled);
    usleep(20000);
    pthread_barrier_wait(&shared->meeting);
}

static void all_wait_for_the_child(void) {
    in_two_processes(wait_in_all_threads, wake_the_other);
}

static const struct scenario scenarios[] = {
    {"mutexes", mutexes},
    {"rwlocks", rwlocks},
    {"spinlocks", spinlocks},
    {"conditions", conditions},
    {"barriers", barriers},
    {"semaphore_as_lock", semaphore_as_lock},
    {"producer_and_consumer", producer_and_consumer},
    {"robust", robust},
    {"all_wait_for_the_child", all_wait_for_the_child},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
