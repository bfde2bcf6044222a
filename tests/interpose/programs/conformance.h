/* Calls that are printed with their results. For the parts of the conformance program. */
#ifndef GORDIAN_TESTS_INTERPOSE_CONFORMANCE_H
#define GORDIAN_TESTS_INTERPOSE_CONFORMANCE_H

#include <errno.h>
#include <pthread.h>
#include <time.h>

enum { CONFORMANCE_ERRNO = 4711 };

/* What is being tried; printed before each call. */
extern char conformance_stage[128];

/* Print the call, its result by name, and errno where it was touched. Thread-safe. */
void conformance_tell(const char *call, int result);

#define TELL(call) conformance_tell(#call, (errno = CONFORMANCE_ERRNO, (call)))

/* Set the stage, as printf would. */
void conformance_stage_is(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Run in a thread of its own, and wait for its end. Returns what it returned. */
void *conformance_elsewhere(void *(*run)(void *), void *argument);

/* The time in `ms` milliseconds, which may be negative. */
struct timespec conformance_in_ms(clockid_t clock, long ms);

/* A time that is none. */
extern const struct timespec conformance_no_time, conformance_no_time_either;

/* The parts, each a file. */
void conformance_mutexes(void);
void conformance_conditions(void);
void conformance_threads(void);

#endif
