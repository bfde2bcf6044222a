/* Locks taken on stacks that are no thread's own: contexts, whose memory comes and goes. */
#define _GNU_SOURCE
#include <alloca.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/interpose/programs/cases.h"

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static ucontext_t outside, inside;

/* Run a function on a stack that ends at `top`, where its mapping ends too. */
static void run_on(char *top, size_t size, void (*function)(void)) {
    getcontext(&inside);
    inside.uc_stack.ss_sp = top - size;
    inside.uc_stack.ss_size = size;
    inside.uc_link = &outside;
    makecontext(&inside, function, 0);
    swapcontext(&outside, &inside);
}

static char *map(size_t size) {
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* ---- the same call at the same stack pointer, but the frames further out are gone ---- */

static size_t below;
static uintptr_t stack_pointer;

static __attribute__((noinline)) void lock_below(size_t bytes) {
    char *space = alloca(bytes);
    memset(space, 1, bytes);
    __asm__ volatile("mov %%rsp, %0" : "=r"(stack_pointer));
    pthread_mutex_lock(&left);
    __asm__ volatile("" ::"r"(space) : "memory");
    pthread_mutex_unlock(&left);
}

static void lock_far_below(void) {
    lock_below(below);
}

static void smaller_at_the_same_place(void) {
    size_t size = 1u << 20, cut = 128u << 10;
    char *memory = map(size);
    below = 256u << 10;
    for (int i = 0; i < 3; i++)
        run_on(memory + size, size, lock_far_below);
    uintptr_t first = stack_pointer;
    munmap(memory + size - cut, cut);
    below -= cut;
    run_on(memory + size - cut, size - cut, lock_far_below);
    printf("the same stack pointer: %d\n", first == stack_pointer);
}

/* ---- many, one after the other, unmapped each time ---- */

static void left_right(void) {
    pthread_mutex_lock(&left);
    pthread_mutex_lock(&right);
    pthread_mutex_unlock(&right);
    pthread_mutex_unlock(&left);
}

/* The other order, when the first has been taken: the two must not meet. */
static atomic_bool forth_is_over;

static void *right_left(void *unused) {
    while (!atomic_load(&forth_is_over))
        usleep(1000);
    pthread_mutex_lock(&right);
    pthread_mutex_lock(&left);
    pthread_mutex_unlock(&left);
    pthread_mutex_unlock(&right);
    return unused;
}

static void mapped_and_unmapped(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, right_left, NULL);
    for (size_t i = 0; i < 1000; i++) {
        size_t size = (16u + i % 5 * 4) << 10;
        char *memory = map(size);
        run_on(memory + size, size, left_right);
        munmap(memory, size);
    }
    atomic_store(&forth_is_over, true);
    pthread_join(thread, NULL);
    puts("done");
}

/* ---- a lock that is held while another context runs ---- */

static void lock_left_and_yield(void) {
    pthread_mutex_lock(&left);
    swapcontext(&inside, &outside);
    pthread_mutex_unlock(&left);
}

static void held_across_a_switch(void) {
    pthread_t thread;
    size_t size = 64u << 10;
    char *memory = map(size);
    pthread_create(&thread, NULL, right_left, NULL);
    run_on(memory + size, size, lock_left_and_yield);
    pthread_mutex_lock(&right);
    pthread_mutex_unlock(&right);
    swapcontext(&outside, &inside);
    munmap(memory, size);
    atomic_store(&forth_is_over, true);
    pthread_join(thread, NULL);
    puts("done");
}

static void lock_left_and_leave(void) {
    pthread_mutex_lock(&left);
}

/* The lock is held, and the stack that it was taken on is no more. */
static void held_beyond_its_stack(void) {
    pthread_t thread;
    size_t size = 64u << 10;
    pthread_create(&thread, NULL, right_left, NULL);
    char *memory = map(size);
    run_on(memory + size, size, lock_left_and_leave);
    munmap(memory, size);
    pthread_mutex_lock(&right);
    pthread_mutex_unlock(&right);
    pthread_mutex_unlock(&left);
    atomic_store(&forth_is_over, true);
    pthread_join(thread, NULL);
    puts("done");
}

/* ---- contexts that go from thread to thread ---- */

static void *run_inside(void *unused) {
    swapcontext(&outside, &inside);
    return unused;
}

static void lock_in_each_thread(void) {
    for (int i = 0; i < 3; i++) {
        left_right();
        swapcontext(&inside, &outside);
    }
}

static void moved_between_threads(void) {
    size_t size = 64u << 10;
    char *memory = map(size);
    run_on(memory + size, size, lock_in_each_thread);
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, run_inside, NULL);
        pthread_join(thread, NULL);
    }
    munmap(memory, size);
    puts("done");
}

static const struct cases_case cases[] = {{"smaller_at_the_same_place", smaller_at_the_same_place},
                                          {"mapped_and_unmapped", mapped_and_unmapped},
                                          {"held_across_a_switch", held_across_a_switch},
                                          {"held_beyond_its_stack", held_beyond_its_stack},
                                          {"moved_between_threads", moved_between_threads}};

CASES_MAIN(cases)
