/* Calls every hooked function in every way that ends, and prints what it returned.
 *
 *     conformance [PART...]     these parts, or all
 *
 * By itself, the output is what libc does. With the library preloaded it must be the same, byte for byte.
 */
#define _GNU_SOURCE
#include "tests/interpose/programs/conformance.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

char conformance_stage[128];
const struct timespec conformance_no_time = {.tv_nsec = -1},
                      conformance_no_time_either = {.tv_nsec = 2000000000};

/* `expected`: what errno is when nobody touched it, or when a result said so. */
static void tell(const char *call, const char *name, long result, int expected) {
    int after = errno;
    char line[512];
    int size = snprintf(line, sizeof line, "%s: %s = ", conformance_stage, call);
    if (name)
        size += snprintf(line + size, sizeof line - (size_t)size, "%s", name);
    else
        size += snprintf(line + size, sizeof line - (size_t)size, "%ld", result);
    if (after != expected)
        snprintf(line + size, sizeof line - (size_t)size, ", errno %d", after);
    puts(line);
}

void conformance_tell(const char *call, int result) {
    tell(call, result ? strerrorname_np(result) : "0", result, CONFORMANCE_ERRNO);
}

void conformance_tell_errno(const char *call, long result) {
    const char *name = result == -1 && errno != CONFORMANCE_ERRNO ? strerrorname_np(errno) : NULL;
    tell(call, name, result, name ? errno : CONFORMANCE_ERRNO);
}

void conformance_tell_c11(const char *call, int result) {
    static const struct {
        int value;
        const char *name;
    } results[] = {{thrd_success, "success"},
                   {thrd_busy, "busy"},
                   {thrd_error, "error"},
                   {thrd_nomem, "nomem"},
                   {thrd_timedout, "timedout"}};
    const char *name = NULL;
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        if (results[i].value == result)
            name = results[i].name;
    tell(call, name, result, CONFORMANCE_ERRNO);
}

void conformance_stage_is(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(conformance_stage, sizeof conformance_stage, format, arguments);
    va_end(arguments);
}

void *conformance_elsewhere(void *(*run)(void *), void *argument) {
    pthread_t thread;
    void *value = NULL;
    if (pthread_create(&thread, NULL, run, argument) != 0 || pthread_join(thread, &value) != 0)
        puts("no thread");
    return value;
}

void conformance_in_child(void (*run)(void)) {
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        run();
        fflush(stdout);
        _exit(7);
    }
    waitpid(child, &status, 0);
    printf("%s: child ended with %#x\n", conformance_stage, (unsigned)status);
}

void conformance_until_asleep(pid_t tid) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", tid);
    for (int i = 0; i < 10000; i++, usleep(1000)) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t size = file < 0 ? 0 : read(file, text, sizeof text - 1);
        close(file);
        text[size > 0 ? size : 0] = '\0';
        const char *state = strrchr(text, ')');
        if (!state || (state[2] != 'R' && state[2] != 'D'))
            return;
    }
}

static void *run_call(void *argument) {
    struct conformance_call *call = argument;
    __atomic_store_n(&call->tid, gettid(), __ATOMIC_RELEASE);
    errno = CONFORMANCE_ERRNO;
    call->result = call->call();
    call->after = errno;
    __atomic_store_n(&call->returned, true, __ATOMIC_RELEASE);
    return NULL;
}

void conformance_start(struct conformance_call *call, const char *name, int (*function)(void)) {
    pid_t tid;
    *call = (struct conformance_call){.name = name, .call = function};
    if (pthread_create(&call->thread, NULL, run_call, call) != 0)
        abort();
    while ((tid = __atomic_load_n(&call->tid, __ATOMIC_ACQUIRE)) == 0)
        usleep(200);
    conformance_until_asleep(tid);
}

bool conformance_has_returned(struct conformance_call *call) {
    return __atomic_load_n(&call->returned, __ATOMIC_ACQUIRE);
}

void conformance_finish(struct conformance_call *call) {
    pthread_join(call->thread, NULL);
    errno = call->after;
    conformance_tell(call->name, call->result);
}

void conformance_blocks(const char *blocks_name, int (*blocks)(void), const char *release_name,
                        int (*release)(void)) {
    struct conformance_call call;
    conformance_start(&call, blocks_name, blocks);
    printf("%s: %s %s\n", conformance_stage, blocks_name,
           conformance_has_returned(&call) ? "returned at once" : "blocks");
    errno = CONFORMANCE_ERRNO;
    int result = release();
    conformance_tell(release_name, result);
    conformance_finish(&call);
}

static struct {
    pthread_t thread, target;
    bool stop;
    int handled;
} interrupting;

static void count_signal(int signal) {
    (void)signal;
    __atomic_fetch_add(&interrupting.handled, 1, __ATOMIC_RELAXED);
}

static void *send_signals(void *unused) {
    for (; !__atomic_load_n(&interrupting.stop, __ATOMIC_ACQUIRE); usleep(1000))
        pthread_kill(interrupting.target, SIGUSR1);
    return unused;
}

void conformance_interrupt(bool restart) {
    struct sigaction action = {.sa_handler = count_signal, .sa_flags = restart ? SA_RESTART : 0};
    sigaction(SIGUSR1, &action, NULL);
    interrupting.stop = false;
    interrupting.target = pthread_self();
    if (pthread_create(&interrupting.thread, NULL, send_signals, NULL) != 0)
        abort();
}

void conformance_interrupt_no_more(void) {
    __atomic_store_n(&interrupting.stop, true, __ATOMIC_RELEASE);
    pthread_join(interrupting.thread, NULL);
}

static int interruptions(void) {
    return __atomic_load_n(&interrupting.handled, __ATOMIC_RELAXED);
}

enum { TAKING, HOLDING, LET_GO, LET_GO_AFTER_SIGNALS, ENOUGH_SIGNALS = 5 };
static struct {
    pthread_t thread;
    int (*take)(void), (*give_back)(void);
    int taken, given_back, state;
} holder;

static int holder_state(void) {
    return __atomic_load_n(&holder.state, __ATOMIC_ACQUIRE);
}

static void *take_and_give_back(void *unused) {
    holder.taken = holder.take();
    __atomic_store_n(&holder.state, HOLDING, __ATOMIC_RELEASE);
    while (holder_state() == HOLDING)
        usleep(200);
    int until = interruptions() + ENOUGH_SIGNALS;
    while (holder_state() == LET_GO_AFTER_SIGNALS && interruptions() < until)
        usleep(200);
    holder.given_back = holder.give_back();
    return unused;
}

void conformance_hold(int (*take)(void), int (*give_back)(void)) {
    holder.take = take;
    holder.give_back = give_back;
    holder.state = TAKING;
    if (pthread_create(&holder.thread, NULL, take_and_give_back, NULL) != 0)
        abort();
    while (holder_state() == TAKING)
        usleep(200);
}

void conformance_let_go(void) {
    __atomic_store_n(&holder.state, LET_GO, __ATOMIC_RELEASE);
}

void conformance_let_go_after_signals(void) {
    __atomic_store_n(&holder.state, LET_GO_AFTER_SIGNALS, __ATOMIC_RELEASE);
}

void conformance_held(void) {
    pthread_join(holder.thread, NULL);
    printf("%s: held: %d, %d\n", conformance_stage, holder.taken, holder.given_back);
}

struct timespec conformance_in_ms(clockid_t clock, long ms) {
    struct timespec time;
    clock_gettime(clock, &time);
    time.tv_sec += ms / 1000;
    time.tv_nsec += ms % 1000 * 1000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    } else if (time.tv_nsec < 0) {
        time.tv_sec--;
        time.tv_nsec += 1000000000;
    }
    return time;
}

void *conformance_shared(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    return memory;
}

#define PART(part) {#part, conformance_##part},
static const struct part {
    const char *name;
    void (*run)(void);
} parts[] = {CONFORMANCE_PARTS(PART)};

static void *run_part(void *argument) {
    const struct part *part = argument;
    part->run();
    return NULL;
}

/* In a thread of its own: a real-time priority that protecting mutexes leave behind goes with it. Otherwise
 * threads that spin at such a priority would keep all others from the processors. */
static void run_apart(const struct part *part) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_part, (void *)part) == 0)
        pthread_join(thread, NULL);
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        bool wanted = argc == 1;
        for (int j = 1; j < argc; j++)
            wanted |= strcmp(argv[j], parts[i].name) == 0;
        if (wanted)
            run_apart(&parts[i]);
    }
    return 0;
}
