/* Calls every hooked function in every way that ends, and prints what it returned.
 *
 * By itself, the output is what libc does. With the library preloaded it must be the same, byte for byte.
 */
#define _GNU_SOURCE
#include "tests/interpose/programs/conformance.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

char conformance_stage[128];
const struct timespec conformance_no_time = {.tv_nsec = -1},
                      conformance_no_time_either = {.tv_nsec = 2000000000};

void conformance_tell(const char *call, int result) {
    int after = errno;
    const char *name = result ? strerrorname_np(result) : "0";
    char line[256];
    int size = snprintf(line, sizeof line, "%s: %s = ", conformance_stage, call);
    if (name)
        size += snprintf(line + size, sizeof line - (size_t)size, "%s", name);
    else
        size += snprintf(line + size, sizeof line - (size_t)size, "%d", result);
    if (after != CONFORMANCE_ERRNO)
        snprintf(line + size, sizeof line - (size_t)size, ", errno %d", after);
    puts(line);
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

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    conformance_mutexes();
    conformance_conditions();
    conformance_threads();
    return 0;
}
