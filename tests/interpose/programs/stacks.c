/* Takes pairs of locks through many paths, and says which path it was: stacks NAME [SEED]
 *
 * For each pair, one line: the pair's number, the functions from which the left lock was taken, innermost
 * first, and after a "/" those of the right one. Each function keeps its name on a stack of its own while it
 * runs, which is the truth that a report is compared with. A second thread then takes every pair the other
 * way round, so that each is reported.
 *
 * Built with and without frame pointers. No function here is inlined or ends in a jump.
 */
#define _GNU_SOURCE
#include <alloca.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { PAIRS = 200, TRAINING = 4, DEEPEST = 12000 };

#define PLAIN __attribute__((noinline, noclone, optimize("no-optimize-sibling-calls")))

static pthread_mutex_t left[PAIRS], right[PAIRS], training_left[TRAINING], training_right[TRAINING];
static int pairs; /* used */

/* ---- the truth ---- */

static const char *names[DEEPEST];
static int depth;
static char held_path[PAIRS][4096];

static void write_path(char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (int i = depth; i-- > 0 && used < size;)
        used += (size_t)snprintf(out + used, size - used, " %s", names[i]);
}

/* Enter and leave a function. What is written down is in memory before anything is called: libc's raise is
 * not expected to call back. */
#define IN                                                                                                   \
    do {                                                                                                     \
        names[depth++] = __func__;                                                                           \
        __asm__ volatile("" ::: "memory");                                                                   \
    } while (0)
#define OUT                                                                                                  \
    do {                                                                                                     \
        depth--;                                                                                             \
        __asm__ volatile("" ::: "memory");                                                                   \
    } while (0)

static PLAIN void take(pthread_mutex_t *mutex) {
    IN;
    pthread_mutex_lock(mutex);
    if (mutex >= left && mutex < left + PAIRS) {
        write_path(held_path[mutex - left], sizeof held_path[0]);
    } else if (mutex >= right && mutex < right + PAIRS) {
        char path[sizeof held_path[0]];
        write_path(path, sizeof path);
        printf("%d%s /%s\n", (int)(mutex - right), held_path[mutex - right], path);
        pairs++;
    }
    OUT;
}

static void release(pthread_mutex_t *mutex) {
    pthread_mutex_unlock(mutex);
}

/* Ends the current pair. */
static void take_right_and_release(void) {
    int pair = pairs;
    take(&right[pair]);
    release(&right[pair]);
    release(&left[pair]);
}

/* ---- at random: paths that meet at the same stack pointers, and locks that outlive the functions they are
 * taken in ---- */

struct machine {
    uint64_t random;
    int level;    /* functions that have been entered */
    int calm;     /* measured pairs come after so many calls without one */
    bool measure; /* the next pair is a new one */
    pthread_mutex_t *held[2];
};

static uint32_t machine_random(struct machine *m, uint32_t below) {
    m->random = m->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(m->random >> 33) % below;
}

static void machine_take_left(struct machine *m) {
    m->measure = m->calm <= 0;
    m->held[0] = m->measure ? &left[pairs] : &training_left[machine_random(m, TRAINING)];
    take(m->held[0]);
}

static void machine_take_right(struct machine *m) {
    int pair = pairs;
    m->held[1] = m->measure ? &right[pair] : &training_right[m->held[0] - training_left];
    take(m->held[1]);
    if (m->measure)
        m->calm = (int)machine_random(m, 400);
}

static void machine_release(struct machine *m) {
    for (int i = 1; i >= 0; i--)
        if (m->held[i])
            release(m->held[i]);
    m->held[0] = m->held[1] = NULL;
}

static PLAIN void step(struct machine *m);

/* The same frame size in each, so that different paths lead to the same stack pointers. */
#define PATH(name)                                                                                           \
    static PLAIN void name(struct machine *m) {                                                              \
        IN;                                                                                                  \
        step(m);                                                                                             \
        OUT;                                                                                                 \
    }
PATH(path_a)
PATH(path_b)
PATH(path_c)

static PLAIN void path_of_any_size(struct machine *m) {
    IN;
    size_t size = 16 + machine_random(m, 3) * 16;
    char *space = alloca(size);
    memset(space, 0, size);
    step(m);
    __asm__ volatile("" ::"r"(space) : "memory");
    OUT;
}

static PLAIN void step(struct machine *m) {
    static void (*const paths[])(struct machine *) = {path_a, path_b, path_c, path_of_any_size};
    IN;
    m->level++;
    for (uint32_t actions = 1 + machine_random(m, 3); actions && pairs < PAIRS; actions--) {
        uint32_t what = machine_random(m, 10);
        m->calm--;
        if (what < 5 && m->level < 9)
            paths[machine_random(m, 4)](m);
        else if (!m->held[0])
            machine_take_left(m);
        else if (what < 8 && !m->held[1] && (m->measure || what < 6))
            machine_take_right(m);
        else if (!m->measure || m->held[1])
            machine_release(m);
    }
    m->level--;
    OUT;
}

static uint64_t seed;

static void at_random(void) {
    struct machine m = {.random = seed, .calm = 1000};
    IN;
    for (int i = 0; i < 500; i++)
        path_a(&m); /* from outside, many times */
    while (pairs < PAIRS)
        path_b(&m);
    machine_release(&m);
    OUT;
}

/* ---- a habit that is broken: released near by, often; then once not ---- */

static PLAIN void innermost(pthread_mutex_t *mutex) {
    IN;
    take(mutex);
    OUT;
}

static PLAIN void inner(pthread_mutex_t *mutex, int release_at) {
    IN;
    innermost(mutex);
    if (release_at == 1)
        release(mutex);
    OUT;
}

static PLAIN void outer(pthread_mutex_t *mutex, int release_at) {
    IN;
    inner(mutex, release_at);
    if (release_at == 2)
        release(mutex);
    OUT;
}

static PLAIN void outermost(pthread_mutex_t *mutex, int release_at) {
    IN;
    outer(mutex, release_at);
    if (release_at == 3)
        release(mutex);
    OUT;
}

static PLAIN void by_habit(pthread_mutex_t *mutex, int release_at) {
    IN;
    outermost(mutex, release_at);
    OUT;
}

static PLAIN void by_exception(pthread_mutex_t *mutex) {
    IN;
    outermost(mutex, 0);
    OUT;
}

static PLAIN void elsewhere(void) {
    IN;
    take_right_and_release();
    OUT;
}

static PLAIN void breaks_a_habit(int release_at) {
    IN;
    /* A stack pointer of its own, so that no other habit is known there. */
    char *space = alloca((size_t)release_at * 256);
    __asm__ volatile("" ::"r"(space) : "memory");
    for (int i = 0; i < 100; i++)
        by_habit(&training_left[0], release_at);
    by_exception(&left[pairs]);
    elsewhere();
    OUT;
}

static void habit_broken(void) {
    IN;
    for (int release_at = 1; release_at <= 3; release_at++)
        breaks_a_habit(release_at);
    OUT;
}

/* ---- the same with any number of functions, replaced at any distance ---- */

struct chain {
    pthread_mutex_t *mutex;
    int path[8]; /* the functions, outermost first */
    int length;  /* of path */
    int level;   /* functions that have been entered */
    int release; /* the level at which the lock is released; 0: not */
};

static PLAIN void chain_go_on(struct chain *c);

#define LINK(name)                                                                                           \
    static PLAIN void name(struct chain *c) {                                                                \
        IN;                                                                                                  \
        chain_go_on(c);                                                                                      \
        OUT;                                                                                                 \
    }
LINK(link_a)
LINK(link_b)
LINK(link_c)

static PLAIN void chain_go_on(struct chain *c) {
    static void (*const links[])(struct chain *) = {link_a, link_b, link_c};
    IN;
    if (c->level == c->length)
        take(c->mutex);
    else
        links[c->path[c->level++]](c);
    if (c->release && c->level == c->release)
        release(c->mutex);
    c->level--;
    OUT;
}

static void chain_take(struct chain *c, pthread_mutex_t *mutex, int release) {
    c->mutex = mutex;
    c->release = release;
    c->level = 0;
    chain_go_on(c);
}

static PLAIN void chain_with_habit(struct machine *m) {
    struct chain c = {.length = 1 + (int)machine_random(m, 8)};
    IN;
    char *space = alloca((size_t)machine_random(m, 64) * 64 + 16);
    __asm__ volatile("" ::"r"(space) : "memory");
    for (int i = 0; i < c.length; i++)
        c.path[i] = (int)machine_random(m, 3);
    int release = 1 + (int)machine_random(m, (uint32_t)c.length);
    for (uint32_t i = machine_random(m, 200); i > 0; i--)
        chain_take(&c, &training_left[0], release);
    int changed = (int)machine_random(m, (uint32_t)c.length);
    c.path[changed] = (c.path[changed] + 1) % 3;
    chain_take(&c, &left[pairs], 0);
    if (machine_random(m, 2))
        elsewhere();
    else
        take_right_and_release();
    OUT;
}

static void habits_at_random(void) {
    struct machine m = {.random = seed};
    IN;
    while (pairs < PAIRS)
        chain_with_habit(&m);
    OUT;
}

/* ---- a jump out of the functions that took the lock ---- */

static jmp_buf back;

static PLAIN void jump_out(pthread_mutex_t *mutex, bool jumps) {
    IN;
    innermost(mutex);
    if (jumps)
        longjmp(back, 1);
    release(mutex);
    OUT;
}

static PLAIN void jump_out_by_habit(pthread_mutex_t *mutex, bool jumps) {
    IN;
    jump_out(mutex, jumps);
    OUT;
}

static void jumped(void) {
    IN;
    int here = depth;
    for (int i = 0; i < 100; i++)
        jump_out_by_habit(&training_left[0], false);
    if (setjmp(back) == 0)
        jump_out(&left[pairs], true);
    depth = here;
    elsewhere();
    OUT;
}

/* ---- deeper than stacks are kept ---- */

static PLAIN void deeper(int more) {
    IN;
    if (more > 0) {
        deeper(more - 1);
    } else {
        take(&left[pairs]);
        take_right_and_release();
    }
    OUT;
}

static void deep(void) {
    IN;
    deeper(100);
    deeper(10000);
    OUT;
}

/* ---- in a signal handler, on the thread's stack and on another ---- */

static PLAIN void handler(int number) {
    (void)number;
    IN;
    take(&left[pairs]);
    take_right_and_release();
    OUT;
}

static PLAIN void interrupted(void) {
    IN;
    raise(SIGUSR1);
    OUT;
}

static void signalled(void) {
    stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
    IN;
    for (int flags = 0; flags < 2; flags++) {
        struct sigaction action = {.sa_handler = handler, .sa_flags = flags ? SA_ONSTACK : 0};
        if (flags)
            sigaltstack(&stack, NULL);
        sigaction(SIGUSR1, &action, NULL);
        interrupted();
        interrupted();
    }
    OUT;
}

/* ---- called back by a function of libc, which has no frame pointer ---- */

static PLAIN int compare(const void *a, const void *b) {
    IN;
    if (*(const int *)a == 1) {
        take(&left[pairs]);
        take_right_and_release();
    }
    OUT;
    return *(const int *)a - *(const int *)b;
}

static void called_back(void) {
    int numbers[] = {1, 2};
    IN;
    qsort(numbers, 2, sizeof *numbers, compare);
    OUT;
}

/* ---- on a coroutine's stack ---- */

static ucontext_t thread_context, coroutine_context;

static PLAIN void coroutine(void) {
    int outside = depth;
    depth = 0; /* the thread is not further out: it is somewhere else */
    IN;
    innermost(&left[pairs]);
    take_right_and_release();
    depth = outside;
}

static void switched(void) {
    size_t size = 65536;
    char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    IN;
    for (int i = 0; i < 3; i++) {
        getcontext(&coroutine_context);
        coroutine_context.uc_stack.ss_sp = stack;
        coroutine_context.uc_stack.ss_size = size;
        coroutine_context.uc_link = &thread_context;
        makecontext(&coroutine_context, coroutine, 0);
        swapcontext(&thread_context, &coroutine_context);
    }
    OUT;
}

/* ---- called by a function that keeps the address of its frame in memory, as one that realigns its stack
 * ---- */

/* Calls `function`. The frame's address lies 8 bytes below the frame pointer, and all around it lies
 * `filling`: that is the frame's address for one who looks in the wrong place. */
void realigned(void (*function)(void), uint64_t filling);
__asm__(".text\n"
        ".type realigned, @function\n"
        "realigned:\n"
        ".cfi_startproc\n"
        "    push %rbp\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset %rbp, -16\n"
        "    lea 16(%rsp), %rdx\n"
        "    mov %rdi, %r8\n"
        "    sub $512, %rsp\n"
        "    .cfi_def_cfa_offset 528\n"
        "    mov %rsp, %rdi\n"
        "    mov %rsi, %rax\n"
        "    mov $64, %ecx\n"
        "    rep stosq\n"
        "    lea 256(%rsp), %rbp\n"
        "    mov %rdx, -8(%rbp)\n"
        "    .cfi_escape 0x0f, 3, 0x76, 0x78, 0x06\n" /* CFA: what lies at rbp - 8 */
        "    call *%r8\n"
        "    mov -8(%rbp), %rax\n"
        "    lea -16(%rax), %rsp\n"
        "    pop %rbp\n"
        "    .cfi_def_cfa %rsp, 8\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size realigned, . - realigned\n");

static PLAIN void in_realigned(void) {
    IN;
    innermost(&left[pairs]);
    take_right_and_release();
    OUT;
}

static void out_of_realigned(void) {
    /* Nothing can be read below these, but the last. */
    const uint64_t fillings[] = {
        0, 8, 16, 24, 4096, UINT64_MAX, UINT64_MAX - 7, (uint64_t)1 << 63, (uintptr_t)names};
    IN;
    for (size_t i = 0; i < sizeof fillings / sizeof *fillings; i++)
        realigned(in_realigned, fillings[i]);
    OUT;
}

/* ---- called by a function of which only the frame pointer tells: it has no unwind table ---- */

/* Calls `function`. What lies below its frame is as large as a page, so that a wrong stack pointer leads
 * nowhere. */
void untabled(void (*function)(void));
__asm__(".text\n"
        ".type untabled, @function\n"
        "untabled:\n"
        "    push %rbp\n"
        "    mov %rsp, %rbp\n"
        "    sub $4096, %rsp\n"
        "    call *%rdi\n"
        "    leave\n"
        "    ret\n"
        ".size untabled, . - untabled\n");

static PLAIN void in_untabled(void) {
    IN;
    take(&left[pairs]);
    take_right_and_release();
    OUT;
}

static PLAIN void around_untabled(void) {
    IN;
    untabled(in_untabled);
    OUT;
}

static void out_of_untabled(void) {
    IN;
    around_untabled();
    untabled(around_untabled);
    OUT;
}

/* ---- both threads ---- */

static void (*run)(void);
static int done;

static void *there(void *unused) {
    IN;
    run();
    OUT;
    __atomic_store_n(&done, 1, __ATOMIC_RELAXED);
    return unused;
}

static void *back_again(void *unused) {
    while (!__atomic_load_n(&done, __ATOMIC_RELAXED))
        sched_yield();
    for (int i = 0; i < pairs; i++) {
        pthread_mutex_lock(&right[i]);
        pthread_mutex_lock(&left[i]);
        pthread_mutex_unlock(&left[i]);
        pthread_mutex_unlock(&right[i]);
    }
    return unused;
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {{"at_random", at_random},
             {"habit_broken", habit_broken},
             {"habits_at_random", habits_at_random},
             {"jumped", jumped},
             {"deep", deep},
             {"signalled", signalled},
             {"called_back", called_back},
             {"out_of_realigned", out_of_realigned},
             {"out_of_untabled", out_of_untabled},
             {"switched", switched}};

int main(int argc, char **argv) {
    pthread_t threads[2];
    for (size_t i = 0; argc > 1 && i < sizeof cases / sizeof *cases; i++)
        if (strcmp(argv[1], cases[i].name) == 0)
            run = cases[i].run;
    if (!run)
        return 2;
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    pthread_create(&threads[0], NULL, there, NULL);
    pthread_create(&threads[1], NULL, back_again, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
