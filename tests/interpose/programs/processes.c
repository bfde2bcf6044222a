/* Processes that come from one with threads: by fork, vfork, exec, system and daemon. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/interpose/programs/cases.h"

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
extern char **environ;

static void take_both(pthread_mutex_t *first, pthread_mutex_t *second) {
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static int first_done;

static void *left_right(void *unused) {
    take_both(&left, &right);
    __atomic_store_n(&first_done, 1, __ATOMIC_RELAXED);
    return unused;
}

static void *right_left(void *unused) {
    while (!__atomic_load_n(&first_done, __ATOMIC_RELAXED))
        sched_yield();
    take_both(&right, &left);
    return unused;
}

static void two_orders(void) {
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, left_right, NULL);
    pthread_create(&threads[1], NULL, right_left, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

static int status_of(pid_t child) {
    int status = -1;
    waitpid(child, &status, 0);
    return status;
}

/* ---- fork ---- */

static void found_in_the_child(void) {
    pid_t child = fork();
    if (child == 0) {
        two_orders();
        _exit(7);
    }
    printf("child %x\n", (unsigned)status_of(child));
}

/* Ways to fork that run no fork handlers. */
static pid_t by_call(void) {
    return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

#ifdef SYS_fork
static pid_t by_fork_call(void) {
    return (pid_t)syscall(SYS_fork);
}
#else
#define by_fork_call by_call
#endif

static int run_child(void *unused) {
    (void)unused;
    two_orders();
    _exit(7);
}

static pid_t by_clone(void) {
    static char stack[256 << 10] __attribute__((aligned(16)));
    return clone(run_child, stack + sizeof stack, SIGCHLD, NULL);
}

static void without_handlers(pid_t (*make)(void)) {
    take_both(&left, &right);
    pid_t child = make();
    if (child == 0)
        run_child(NULL);
    printf("child %x\n", (unsigned)status_of(child));
}

static void forked_bare(void) {
    without_handlers(_Fork);
}

static void forked_by_call(void) {
    without_handlers(by_fork_call);
}

static void cloned_by_call(void) {
    without_handlers(by_call);
}

static void cloned(void) {
    without_handlers(by_clone);
}

/* The child has what the forking thread held, and may release it. */
static void held_by_the_forking_thread(void) {
    pthread_mutex_lock(&left);
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_lock(&right);
        pthread_mutex_unlock(&right);
        int result = pthread_mutex_unlock(&left);
        take_both(&left, &right);
        _exit(result);
    }
    pthread_mutex_unlock(&left);
    printf("child %x\n", (unsigned)status_of(child));
}

static int held, may_release;

static void *hold_left(void *unused) {
    pthread_mutex_lock(&left); /* REPORTED */
    __atomic_store_n(&held, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&may_release, __ATOMIC_ACQUIRE))
        usleep(1000);
    pthread_mutex_unlock(&left);
    return unused;
}

/* Nobody in the child will ever release it. */
static void held_by_another_thread(void) {
    pthread_t holder;
    pthread_create(&holder, NULL, hold_left, NULL);
    while (!__atomic_load_n(&held, __ATOMIC_ACQUIRE))
        usleep(1000);
    pid_t child = fork();
    if (child == 0) {
        alarm(10);
        pthread_mutex_lock(&left); /* REPORTED */
        _exit(0);
    }
    int status = status_of(child);
    __atomic_store_n(&may_release, 1, __ATOMIC_RELEASE);
    pthread_join(holder, NULL);
    printf("child %x\n", (unsigned)status);
}

static int may_stop;

static void *use_locks(void *unused) {
    while (!__atomic_load_n(&may_stop, __ATOMIC_RELAXED)) {
        pthread_mutex_t own;
        pthread_mutex_init(&own, NULL);
        pthread_mutex_lock(&own);
        pthread_mutex_unlock(&own);
        pthread_mutex_destroy(&own);
    }
    return unused;
}

/* Forks in the middle of what the other threads do in the library. */
static void while_others_are_at_work(void) {
    pthread_t threads[2];
    int failed = 0;
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, use_locks, NULL);
    for (int i = 0; i < 100; i++) {
        pid_t child = fork();
        if (child == 0) {
            take_both(&left, &right);
            _exit(0);
        }
        failed += status_of(child) != 0;
    }
    __atomic_store_n(&may_stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("failed: %d\n", failed);
}

/* Such a child may be unable to begin a recording later. It is in the report although it uses no lock. */
static void about_to_give_up_privileges(void) {
    for (int call = 0; call < 6; call++) {
        pid_t child = fork();
        if (child == 0) {
            int result = call == 0   ? setuid(getuid())
                         : call == 1 ? seteuid(geteuid())
                         : call == 2 ? setreuid((uid_t)-1, (uid_t)-1)
                         : call == 3 ? setresuid((uid_t)-1, (uid_t)-1, (uid_t)-1)
                         : call == 4 ? chroot("/no/such/folder")
                                     : 0;
            _exit(result == (call == 4 ? -1 : 0) ? 0 : 1);
        }
        printf("child %x\n", (unsigned)status_of(child));
    }
}

/* It gives up what it can: only root has something. */
static void without_privileges(void) {
    pid_t child = fork();
    if (child == 0) {
        uid_t nobody = 65534;
        int result = setresuid(nobody, nobody, nobody);
        if (result != 0)
            result = setresuid(getuid(), getuid(), getuid());
        two_orders();
        _exit(result);
    }
    printf("child %x\n", (unsigned)status_of(child));
}

/* ---- other programs ---- */

static void vfork_and_exec(void) {
    take_both(&left, &right);
    pid_t child = vfork(); // NOLINT(bugprone-unsafe-functions,clang-analyzer-security.insecureAPI.vfork)
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "exit 5", NULL);
        _exit(127);
    }
    printf("child %x\n", (unsigned)status_of(child));
    take_both(&left, &right);
    char *arguments[] = {"sh", "-c", "exit 6", NULL};
    posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ);
    printf("child %x\n", (unsigned)status_of(child));
    printf("system %x\n", (unsigned)system("exit 7")); // NOLINT(bugprone-command-processor,cert-env33-c)
}

static void *exec_itself(void *unused) {
    execl("/proc/self/exe", "processes", "two_orders", NULL);
    return unused;
}

static void *wait_forever(void *unused) {
    for (;;)
        pause();
    return unused;
}

/* From a thread, while others live: what is found is found in the new program. */
static void exec_from_a_thread(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, wait_forever, NULL);
    take_both(&right, &left);
    pthread_create(&thread, NULL, exec_itself, NULL);
    pause();
}

static void two_orders_in_this_process(void) {
    two_orders();
    puts("done");
}

/* The test waits for the file, since nobody else waits for a daemon. */
static void as_a_daemon(void) {
    if (daemon(1, 1) != 0)
        exit(3);
    two_orders();
    int file = open("daemon.done", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    dprintf(file, "done\n");
}

static const struct cases_case cases[] = {{"found_in_the_child", found_in_the_child},
                                          {"forked_bare", forked_bare},
                                          {"forked_by_call", forked_by_call},
                                          {"cloned_by_call", cloned_by_call},
                                          {"cloned", cloned},
                                          {"held_by_the_forking_thread", held_by_the_forking_thread},
                                          {"held_by_another_thread", held_by_another_thread},
                                          {"while_others_are_at_work", while_others_are_at_work},
                                          {"about_to_give_up_privileges", about_to_give_up_privileges},
                                          {"without_privileges", without_privileges},
                                          {"vfork_and_exec", vfork_and_exec},
                                          {"exec_from_a_thread", exec_from_a_thread},
                                          {"two_orders", two_orders_in_this_process},
                                          {"as_a_daemon", as_a_daemon}};

CASES_MAIN(cases)
