/* All threads blocked, but somebody from outside will come: a signal, a timer, a thread that nobody knows,
 * another process. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/e2e/programs/kinds.h"

static sem_t event;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool ready;

static void post_in_handler(int number) {
    (void)number;
    sem_post(&event);
}

static void handle(int number) {
    struct sigaction action = {.sa_handler = post_in_handler};
    sigemptyset(&action.sa_mask);
    REQUIRE(sigaction(number, &action, NULL) == 0);
}

static void wait_for_event(void) {
    while (sem_wait(&event) != 0)
        REQUIRE(errno == EINTR);
}

static void wait_until_ready(void) {
    pthread_mutex_lock(&lock);
    while (!ready)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void make_ready(void) {
    pthread_mutex_lock(&lock);
    ready = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* A child that looks at its parent until it sleeps in this call, and then sends it a signal. */
static void signal_when_asleep(long call, int number) {
    pid_t parent = getpid(), child = fork();
    REQUIRE(child >= 0);
    if (child)
        return;
    char path[64], text[16];
    snprintf(path, sizeof path, "/proc/%d/syscall", (int)parent);
    for (int64_t end = clock_ns() + KINDS_PATIENCE_S * (int64_t)1000000000; clock_ns() < end; sched_yield()) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
        close(fd);
        text[got > 0 ? got : 0] = '\0';
        if (strtol(text, NULL, 10) != call)
            continue;
        usleep(20000); /* whoever says "all blocked" has time for it */
        kill(parent, number);
        _exit(0);
    }
    _exit(3);
}

static void await_child(void) {
    int status;
    REQUIRE(wait(&status) > 0);
    REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void posted_by_a_handler(void) {
    sem_init(&event, 0, 0);
    handle(SIGUSR1);
    signal_when_asleep(SYS_futex, SIGUSR1);
    struct actor *other = start(wait_until_ready);
    wait_for_event();
    make_ready();
    finish(other);
    await_child();
}

static void waits_for_a_signal(void) {
    sigset_t set;
    int number;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal_when_asleep(SYS_rt_sigtimedwait, SIGUSR1);
    struct actor *other = start(wait_until_ready);
    REQUIRE(sigwait(&set, &number) == 0 && number == SIGUSR1);
    make_ready();
    finish(other);
    await_child();
}

static void pauses(void) {
    sem_init(&event, 0, 0);
    handle(SIGUSR1);
    signal_when_asleep(SYS_pause, SIGUSR1);
    struct actor *other = start(wait_until_ready);
    pause();
    make_ready();
    finish(other);
    await_child();
}

static void run_when_due(union sigval unused) {
    (void)unused;
    usleep(20000);
    make_ready();
}

/* The timer's thread is made by libc, when it is due. */
static void timer_thread(void) {
    timer_t timer;
    struct sigevent how = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = run_when_due};
    struct itimerspec soon = {.it_value = {.tv_nsec = 50000000}};
    REQUIRE(timer_create(CLOCK_MONOTONIC, &how, &timer) == 0);
    REQUIRE(timer_settime(timer, 0, &soon, NULL) == 0);
    wait_until_ready();
    timer_delete(timer);
}

static char raw_stack[65536] __attribute__((aligned(16)));

/* It has no thread-local memory of its own, so it calls nothing of libc's but what needs none. Posts as
 * sem_post does: one more, then wake. */
static int post_raw(void *unused) {
    struct timespec moment = {.tv_nsec = 50000000};
    (void)unused;
    syscall(SYS_nanosleep, &moment, NULL);
    __atomic_fetch_add((uint64_t *)(void *)&event, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &event, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    syscall(SYS_exit, 0);
    return 0;
}

static void raw_thread(void) {
    sem_init(&event, 0, 0);
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    REQUIRE(clone(post_raw, raw_stack + sizeof raw_stack, flags, NULL) > 0);
    wait_for_event();
}

static void child_process(void) {
    sem_t *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(shared != MAP_FAILED && sem_init(shared, 1, 0) == 0);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        usleep(50000);
        sem_post(shared);
        _exit(0);
    }
    struct actor *other = start(wait_until_ready);
    while (sem_wait(shared) != 0)
        REQUIRE(errno == EINTR);
    make_ready();
    finish(other);
    await_child();
}

/* ---- some blocked, and one that needs no lock to go on ---- */

static int ends[2];

static void read_then_make_ready(void) {
    char byte;
    REQUIRE(read(ends[0], &byte, 1) == 1);
    make_ready();
}

static void one_reads(void) {
    REQUIRE(pipe(ends) == 0);
    struct actor *reader = start(read_then_make_ready);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        usleep(50000);
        REQUIRE(write(ends[1], "!", 1) == 1);
        _exit(0);
    }
    wait_until_ready();
    finish(reader);
    await_child();
}

static void wait_a_moment_then_make_ready(void) {
    struct timespec limit = after_ms(CLOCK_REALTIME, 50);
    REQUIRE(sem_timedwait(&event, &limit) == -1 && errno == ETIMEDOUT);
    make_ready();
}

static void one_has_a_time_limit(void) {
    sem_init(&event, 0, 0);
    struct actor *other = start(wait_a_moment_then_make_ready);
    wait_until_ready();
    finish(other);
}

static void spin_then_make_ready(void) {
    for (int64_t end = clock_ns() + 50000000; clock_ns() < end;)
        ;
    make_ready();
}

static void one_computes(void) {
    struct actor *other = start(spin_then_make_ready);
    wait_until_ready();
    finish(other);
}

static const struct scenario scenarios[] = {
    {"posted_by_a_handler", posted_by_a_handler},
    {"waits_for_a_signal", waits_for_a_signal},
    {"pauses", pauses},
    {"timer_thread", timer_thread},
    {"raw_thread", raw_thread},
    {"child_process", child_process},
    {"one_reads", one_reads},
    {"one_has_a_time_limit", one_has_a_time_limit},
    {"one_computes", one_computes},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
