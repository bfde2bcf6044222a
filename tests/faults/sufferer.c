/* A program that makes one finding (left and right in both orders), says so, and then comes to harm.
 *
 *   sufferer FAULT
 *
 * Under the library it has to end as by itself, and the finding has to be in the recording. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t together;

static void say(const char *text) {
    if (write(1, text, strlen(text)) < 0)
        _exit(9);
}

static void take_both(pthread_mutex_t *first, pthread_mutex_t *second) {
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *take_left_first(void *unused) {
    take_both(&left, &right);
    pthread_barrier_wait(&together);
    pthread_barrier_wait(&together);
    return unused;
}

static void *take_right_first(void *unused) {
    pthread_barrier_wait(&together);
    take_both(&right, &left);
    pthread_barrier_wait(&together);
    return unused;
}

static void make_finding(void) {
    pthread_t threads[2];
    pthread_barrier_init(&together, NULL, 2);
    pthread_create(&threads[0], NULL, take_left_first, NULL);
    pthread_create(&threads[1], NULL, take_right_first, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
}

/* Work that is new to the library all the time: locks, stacks, orders, threads. */
static void *nest_new_locks(void *unused) {
    pthread_mutex_t locks[8];
    for (int i = 0; i < 8; i++)
        pthread_mutex_init(&locks[i], NULL);
    for (int i = 0; i < 7; i++)
        take_both(&locks[i], &locks[i + 1]);
    for (int i = 0; i < 8; i++)
        pthread_mutex_destroy(&locks[i]);
    return unused;
}

static void work_on(int rounds) {
    for (int i = 0; i < rounds; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, nest_new_locks, NULL) == 0)
            pthread_join(thread, NULL);
        nest_new_locks(NULL);
    }
}

/* ---- the faults ---- */

static void fault_none(void) {
    work_on(20);
}

static void fault_abort(void) {
    abort();
}

static void fault_segv(void) {
    raise(SIGSEGV);
}

static void fault_kill(void) {
    raise(SIGKILL);
}

static void fault_exit_group(void) {
    syscall(SYS_exit_group, 5);
}

static void fault_exec(void) {
    execl("/bin/true", "true", (char *)NULL);
}

/* Takes locks on the way, so that it is one of the library's functions that finds the stack at its end as
 * often as not. */
static int overflow(int depth) {
    volatile char frame[64];
    frame[depth % 64] = 1;
    pthread_mutex_lock(&left);
    pthread_mutex_lock(&right);
    pthread_mutex_unlock(&right);
    pthread_mutex_unlock(&left);
    return overflow(depth + 1) + frame[depth % 64];
}

static void fault_stack_overflow(void) {
    struct rlimit small = {256 << 10, 256 << 10};
    setrlimit(RLIMIT_STACK, &small);
    overflow(0);
}

static void *overflow_thread(void *unused) {
    overflow(0);
    return unused;
}

static void fault_stack_overflow_thread(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 128 << 10);
    pthread_create(&thread, &attributes, overflow_thread, NULL);
    pthread_join(thread, NULL);
}

static sigset_t overflow_mask;

static void handle_overflow(int number) {
    sigset_t now;
    (void)number;
    sigprocmask(SIG_BLOCK, NULL, &now);
    say(sigismember(&now, SIGTERM) == sigismember(&overflow_mask, SIGTERM) ? "overflow, mask as it was\n"
                                                                           : "overflow, mask changed\n");
    _exit(4);
}

/* The program's own handler is called, on its own stack. */
static void fault_stack_overflow_handled(void) {
    static char own[64 << 10];
    stack_t stack = {.ss_sp = own, .ss_size = sizeof own};
    struct sigaction action = {.sa_handler = handle_overflow, .sa_flags = SA_ONSTACK};
    struct rlimit small = {256 << 10, 256 << 10};
    sigaltstack(&stack, NULL);
    sigaction(SIGSEGV, &action, NULL);
    setrlimit(RLIMIT_STACK, &small);
    overflow(0);
}

static void fault_out_of_memory(void) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_AS, &none);
    for (int i = 0; i < 2000; i++)
        nest_new_locks(NULL);
    void *got = malloc(64 << 20);
    say(got ? "memory\n" : "no memory\n");
}

static void fault_out_of_descriptors(void) {
    struct rlimit few = {0, 0};
    setrlimit(RLIMIT_NOFILE, &few);
    work_on(50);
    say(open("/dev/null", O_RDONLY) < 0 && errno == EMFILE ? "no descriptor\n" : "a descriptor\n");
}

/* What the program finds of its recordings: name by name in the folder that $RECORDINGS names. */
static void each_recording(void (*act)(const char *path)) {
    char command[4200], path[4200];
    snprintf(command, sizeof command, "ls \"$RECORDINGS\"/*.rec 2>/dev/null");
    FILE *list = popen(command, "r");
    while (list && fgets(path, sizeof path, list)) {
        path[strcspn(path, "\n")] = '\0';
        act(path);
    }
    if (list)
        pclose(list);
}

static void truncate_it(const char *path) {
    if (truncate(path, 0) != 0)
        say("cannot truncate\n");
}

static void delete_it(const char *path) {
    if (unlink(path) != 0)
        say("cannot delete\n");
}

static void fault_truncated(void) {
    each_recording(truncate_it);
    work_on(50);
}

static void fault_truncated_blocked(void) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    fault_truncated();
}

static void fault_deleted(void) {
    each_recording(delete_it);
    work_on(50);
}

/* ---- the program's own SIGBUS ---- */

static volatile char *beyond_the_end(void) {
    char name[] = "/tmp/sufferer.XXXXXX";
    int fd = mkstemp(name);
    unlink(name);
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

static void fault_own_bus(void) {
    *beyond_the_end() = 1;
}

static void fault_bus_sent(void) {
    raise(SIGBUS);
}

static volatile char *expected_at;

static void handle_bus(int number, siginfo_t *info, void *context) {
    ucontext_t *interrupted = context;
    (void)number;
    say(info->si_addr == expected_at && info->si_code == BUS_ADRERR &&
                sigismember(&interrupted->uc_sigmask, SIGUSR1) == 0
            ? "bus error at the right place\n"
            : "bus error elsewhere\n");
    _exit(6);
}

static void fault_own_bus_handled(void) {
    struct sigaction action = {.sa_sigaction = handle_bus, .sa_flags = SA_SIGINFO | SA_RESTART}, old, now;
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaction(SIGBUS, &action, &old);
    say(old.sa_handler == SIG_DFL && old.sa_flags == 0 ? "was default\n" : "was something else\n");
    sigaction(SIGBUS, NULL, &now);
    say(now.sa_sigaction == handle_bus &&
                (now.sa_flags & (SA_SIGINFO | SA_RESTART)) == (SA_SIGINFO | SA_RESTART) &&
                sigismember(&now.sa_mask, SIGUSR2)
            ? "is as set\n"
            : "is not as set\n");
    expected_at = beyond_the_end();
    *expected_at = 1;
}

static void handle_plainly(int number) {
    say(number == SIGBUS ? "plain\n" : "another\n");
}

static void fault_bus_signal(void) {
    say(signal(SIGBUS, handle_plainly) == SIG_DFL ? "was default\n" : "was something else\n");
    raise(SIGBUS);
    say(signal(SIGBUS, SIG_IGN) == handle_plainly ? "was ours\n" : "was something else\n");
    raise(SIGBUS);
    say(signal(SIGBUS, SIG_DFL) == SIG_IGN ? "was ignored\n" : "was something else\n");
    raise(SIGBUS);
}

/* A handler of its own does not see the library's faults. */
static void fault_truncated_handled(void) {
    struct sigaction action = {.sa_sigaction = handle_bus, .sa_flags = SA_SIGINFO};
    sigaction(SIGBUS, &action, NULL);
    fault_truncated();
}

/* ---- refusals ---- */

/* What a threaded program itself needs, and no more. */
static const int allowed[] = {
    SYS_read,
    SYS_write,
    SYS_close,
    SYS_futex,
    SYS_mmap,
    SYS_munmap,
    SYS_mprotect,
    SYS_madvise,
    SYS_brk,
    SYS_exit,
    SYS_exit_group,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_clone,
    SYS_clone3,
    SYS_set_robust_list,
    SYS_rseq,
    SYS_gettid,
    SYS_getpid,
    SYS_tgkill,
    SYS_sched_yield,
    SYS_nanosleep,
    SYS_clock_nanosleep,
    SYS_clock_gettime,
    SYS_prctl,
    SYS_newfstatat,
};

static void filter(unsigned otherwise) {
    enum { COUNT = sizeof allowed / sizeof *allowed };
    struct sock_filter program[COUNT + 3];
    program[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned char i = 0; i < COUNT; i++)
        program[1 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i],
                                                      (unsigned char)(COUNT - i), 0);
    program[COUNT + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, otherwise);
    program[COUNT + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog whole = {COUNT + 3, program};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) != 0)
        say("no filter\n");
}

static void fault_refused(void) {
    filter(SECCOMP_RET_ERRNO | EPERM);
    work_on(50);
}

static void fault_refused_by_death(void) {
    filter(SECCOMP_RET_KILL_PROCESS);
    work_on(50);
}

static void fault_unshare(void) {
    say(unshare(CLONE_NEWUSER) == 0 ? "unshared\n" : "not unshared\n");
    work_on(20);
}

static void fault_clock(void) {
    for (int i = 0; i < 20; i++) {
        struct timespec at;
        clock_gettime(CLOCK_REALTIME, &at);
        at.tv_nsec = (at.tv_nsec + 1000000) % 1000000000;
        pthread_mutex_lock(&left);
        pthread_mutex_timedlock(&left, &(struct timespec){at.tv_sec - 1, 0});
        pthread_mutex_unlock(&left);
    }
    work_on(20);
}

static const struct {
    const char *name;
    void (*run)(void);
} faults[] = {
    {"none", fault_none},
    {"abort", fault_abort},
    {"segv", fault_segv},
    {"kill", fault_kill},
    {"exit_group", fault_exit_group},
    {"exec", fault_exec},
    {"stack_overflow", fault_stack_overflow},
    {"stack_overflow_thread", fault_stack_overflow_thread},
    {"stack_overflow_handled", fault_stack_overflow_handled},
    {"out_of_memory", fault_out_of_memory},
    {"out_of_descriptors", fault_out_of_descriptors},
    {"truncated", fault_truncated},
    {"truncated_blocked", fault_truncated_blocked},
    {"truncated_handled", fault_truncated_handled},
    {"deleted", fault_deleted},
    {"own_bus", fault_own_bus},
    {"own_bus_handled", fault_own_bus_handled},
    {"bus_sent", fault_bus_sent},
    {"bus_signal", fault_bus_signal},
    {"refused", fault_refused},
    {"refused_by_death", fault_refused_by_death},
    {"unshare", fault_unshare},
    {"clock", fault_clock},
};

int main(int argc, char **argv) {
    for (size_t i = 0; argc == 2 && i < sizeof faults / sizeof *faults; i++)
        if (strcmp(argv[1], faults[i].name) == 0) {
            make_finding();
            say("found\n");
            faults[i].run();
            say("done\n");
            return 0;
        }
    return 2;
}
