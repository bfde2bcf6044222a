/* Creation, joining in all its forms, detaching, ends; dlclose; and giving up privileges. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

static pthread_t other;
static int released, created;

static void *wait_for_release(void *value) {
    while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE))
        usleep(500);
    return value;
}

static void start_waiting(void) {
    __atomic_store_n(&released, 0, __ATOMIC_RELEASE);
    TELL(pthread_create(&other, NULL, wait_for_release, &released));
}

static void release(void) {
    __atomic_store_n(&released, 1, __ATOMIC_RELEASE);
}

static int timed_join(long ms, void **value) {
    struct timespec until = conformance_in_ms(CLOCK_REALTIME, ms);
    return pthread_timedjoin_np(other, value, &until);
}

static int clocked_join(clockid_t clock, long ms, void **value) {
    struct timespec until = conformance_in_ms(CLOCK_MONOTONIC, ms);
    return pthread_clockjoin_np(other, value, clock, &until);
}

static void joins(void) {
    void *value = NULL;
    conformance_stage_is("join");
    start_waiting();
    TELL(pthread_tryjoin_np(other, &value));
    TELL(timed_join(-1000, &value));
    TELL(timed_join(2, &value));
    TELL(clocked_join(CLOCK_MONOTONIC, -1000, &value));
    TELL(clocked_join(CLOCK_MONOTONIC, 2, &value));
    TELL(clocked_join(12345, 2, &value));
    release();
    TELL(pthread_join(other, &value));
    printf("value: %d\n", value == &released);
    start_waiting();
    release();
    TELL(timed_join(60000, &value));
    start_waiting();
    release();
    TELL(clocked_join(CLOCK_MONOTONIC, 60000, &value));
    start_waiting();
    release();
    int result;
    while ((result = pthread_tryjoin_np(other, NULL)) == EBUSY)
        usleep(500);
    printf("tried until %d\n", result);
}

static void refused_joins(void) {
    conformance_stage_is("refused join");
    TELL(pthread_join(pthread_self(), NULL));
    TELL(pthread_tryjoin_np(pthread_self(), NULL));
    start_waiting();
    TELL(pthread_detach(other));
    TELL(pthread_detach(other));
    TELL(pthread_join(other, NULL));
    TELL(pthread_tryjoin_np(other, NULL));
    TELL(timed_join(2, NULL));
    release();
}

static void *join_other(void *unused) {
    pthread_join(other, NULL);
    return unused;
}

static void cancelled_joins(void) {
    pthread_t joiner;
    void *value;
    conformance_stage_is("cancelled join");
    start_waiting();
    TELL(pthread_create(&joiner, NULL, join_other, NULL));
    usleep(20000);
    TELL(pthread_cancel(joiner));
    TELL(pthread_join(joiner, &value));
    printf("cancelled: %d\n", value == PTHREAD_CANCELED);
    TELL(pthread_tryjoin_np(other, NULL));
    release();
    TELL(pthread_join(other, NULL));
}

static void *report_name(void *unused) {
    char name[16];
    TELL(pthread_getname_np(pthread_self(), name, sizeof name));
    puts(name);
    return unused;
}

static void names(void) {
    static const char *const chosen[] = {"", "a", "fifteen letters", "sixteen letters!", "two words"};
    char name[64];
    conformance_stage_is("names");
    TELL(pthread_getname_np(pthread_self(), name, sizeof name));
    puts(name);
    start_waiting();
    for (int i = 0; i < 5; i++) {
        TELL(pthread_setname_np(other, chosen[i]));
        TELL(pthread_getname_np(other, name, sizeof name));
        puts(name);
    }
    TELL(pthread_getname_np(other, name, 15));
    TELL(pthread_getname_np(other, name, 0));
    release();
    TELL(pthread_join(other, NULL));
    /* A new thread has its creator's name. */
    TELL(pthread_setname_np(pthread_self(), "creator"));
    conformance_elsewhere(report_name, NULL);
    TELL(pthread_setname_np(pthread_self(), "conformance"));
}

static int join_it(void) {
    return pthread_join(other, NULL);
}

static int join_within_a_minute(void) {
    return timed_join(60000, NULL);
}

static int join_by_the_clock(void) {
    return clocked_join(CLOCK_MONOTONIC, 60000, NULL);
}

static void interrupted_joins(void) {
    static int (*const ways[])(void) = {join_it, join_within_a_minute, join_by_the_clock};
    conformance_stage_is("signals at a join");
    conformance_interrupt(false);
    for (int i = 0; i < 3; i++) {
        start_waiting();
        TELL(timed_join(20, NULL));
        TELL(clocked_join(CLOCK_MONOTONIC, 20, NULL));
        release();
        TELL(ways[i]());
    }
    conformance_interrupt_no_more();
}

static void say_cleanup(void *what) {
    printf("cleanup %s\n", (const char *)what);
}

static void exit_inside(void) {
    pthread_cleanup_push(say_cleanup, "inner");
    pthread_exit("deep");
    pthread_cleanup_pop(0);
}

static void *exit_by_call(void *unused) {
    pthread_cleanup_push(say_cleanup, "outer");
    exit_inside();
    pthread_cleanup_pop(0);
    return unused;
}

static pthread_key_t key;

static void say_destroyed(void *value) {
    printf("destroyed %s\n", (const char *)value);
    if (strcmp(value, "once") == 0)
        pthread_setspecific(key, "twice");
}

static void *with_specific(void *unused) {
    pthread_setspecific(key, "once");
    return unused;
}

static void ends(void) {
    conformance_stage_is("end");
    printf("%s\n", (const char *)conformance_elsewhere(exit_by_call, NULL));
    pthread_key_create(&key, say_destroyed);
    conformance_elsewhere(with_specific, NULL);
    pthread_key_delete(key);
}

static void *describe(void *top) {
    pthread_attr_t attributes;
    void *low;
    size_t size, guard;
    char name[16];
    int detached, here;
    wait_for_release(NULL); /* until the creation has been told */
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_getguardsize(&attributes, &guard);
    pthread_attr_getdetachstate(&attributes, &detached);
    pthread_getname_np(pthread_self(), name, sizeof name);
    printf("stack %zu, guard %zu, detached %d, here inside %d, name %s\n", size, guard, detached,
           (char *)&here >= (char *)low && (char *)&here < (char *)low + size, name);
    if (top)
        printf("the stack given: %d\n", low == top);
    pthread_attr_destroy(&attributes);
    __atomic_store_n(&created, 1, __ATOMIC_RELEASE);
    return top;
}

static void describe_created(const pthread_attr_t *attributes, void *stack) {
    __atomic_store_n(&released, 0, __ATOMIC_RELEASE);
    TELL(pthread_create(&other, attributes, describe, stack));
    release();
}

static void creations(void) {
    pthread_attr_t attributes;
    conformance_stage_is("create");
    release();
    conformance_elsewhere(describe, NULL);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 128u << 10);
    pthread_attr_setguardsize(&attributes, 16u << 10);
    describe_created(&attributes, NULL);
    TELL(pthread_join(other, NULL));
    pthread_attr_destroy(&attributes);

    size_t size = 256u << 10;
    void *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_init(&attributes);
    TELL(pthread_attr_setstack(&attributes, stack, size));
    describe_created(&attributes, stack);
    TELL(pthread_join(other, NULL));
    pthread_attr_destroy(&attributes);

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    __atomic_store_n(&created, 0, __ATOMIC_RELEASE);
    describe_created(&attributes, NULL);
    while (!__atomic_load_n(&created, __ATOMIC_ACQUIRE))
        usleep(500);
    pthread_attr_setstacksize(&attributes, (size_t)1 << 46);
    TELL(pthread_create(&other, &attributes, describe, NULL));
    pthread_attr_destroy(&attributes);
}

static void libraries(void) {
    conformance_stage_is("dlclose");
    void *library = dlopen("libm.so.6", RTLD_NOW);
    TELL(dlclose(library));
    library = dlopen("no-such-library.so", RTLD_NOW);
    printf("%p %s\n", library, dlerror());
    TELL(dlclose(dlopen(NULL, RTLD_NOW)));
    printf("%s\n", dlerror() ? "an error" : "no error");
}

/* -1 leaves an id as it is; the others are as they are. */
static void privileges(void) {
    conformance_stage_is("privileges");
    TELL(setuid(getuid()) ? errno : 0);
    TELL(setuid((uid_t)-1) ? errno : 0);
    TELL(seteuid(geteuid()) ? errno : 0);
    TELL(seteuid((uid_t)-1) ? errno : 0);
    TELL(setreuid((uid_t)-1, (uid_t)-1) ? errno : 0);
    TELL(setresuid((uid_t)-1, (uid_t)-1, (uid_t)-1) ? errno : 0);
    TELL(chroot("/no/such/folder") ? errno : 0);
}

void conformance_threads(void) {
    joins();
    refused_joins();
    cancelled_joins();
    interrupted_joins();
    names();
    ends();
    creations();
    libraries();
    privileges();
}
