/* A report: the one model that every output format is written from.
 *
 * A report gathers the recordings of the processes of one run (one file per process), resolves their
 * addresses, and holds the findings, merged: the same bug closed many times, by many locks or in many
 * processes is one finding with a count. It can be updated while the recordings grow. Writers (report_text.h,
 * report_json.h) only read it.
 *
 * Not thread-safe. All memory belongs to the report and lives until report_free; strings are UTF-8 as the
 * program gave them, unescaped.
 */
#ifndef GORDIAN_REPORTS_REPORT_H
#define GORDIAN_REPORTS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detector/finding.h"
#include "detector/recording.h"

/* One frame of a resolved stack, innermost first; an inlined call gives a frame of its own. Python functions
 * have frames without module, before all others of their stack. */
struct report_frame {
    const char *function; /* demangled; NULL when not known */
    const char
        *file; /* as the debug information gives it, made absolute with its directory; NULL when not known */
    uint32_t line;        /* 0 when not known */
    const char *module;   /* path of the ELF file; NULL when the address is in none */
    uint64_t offset;      /* of the address in the file's own address space */
    const char *build_id; /* hex; NULL when it has none */
    bool inlined;         /* inlined into the next frame */
    bool python;          /* a Python function */
    uint32_t declared;    /* line on which the function is declared; 0 when not known */
    uint64_t within;      /* bytes from the function's beginning, where only a symbol table names it */
};

struct report_stack {
    const struct report_frame *frames;
    size_t count;
    bool cut; /* it has more frames than these: beyond the stack_depth option, or not known */
};

struct report_thread {
    const char *id;   /* "T1" */
    const char *name; /* pthread name, "main" for the first thread; never NULL */
    uint32_t pid;     /* of its process, as that sees it */
    uint32_t tid;
    const char *creator;         /* id of the creating thread; NULL when not known */
    struct report_stack created; /* count 0 for the first thread */
    bool left;                   /* the parent's: it was not in this process when that was forked off */
};

struct report_lock {
    const char *id; /* "L1" */
    const char
        *name; /* "account_lock", "table+0x40", "mutex initialised at bank.c:12", "thread T2"; never NULL */
    uint32_t kind;        /* enum recording_lock_kind */
    bool named;           /* by the program (gordian.h): `name` is what it said */
    const char *variable; /* the symbol that covers it, without offset; NULL when there is none */
    uint64_t address;
    bool shared;                     /* between processes */
    uint32_t value;                  /* semaphore: its first value; barrier: its count; 0 when not known */
    uint64_t size;                   /* memory: bytes of the variable or block; 0 when not known */
    uint64_t device, inode;          /* of the file that it is, or lies in; 0 when not known */
    struct report_stack initialised; /* count 0 when no init call was seen */
    struct report_stack first;
};

struct report_hold {
    const struct report_lock *lock; /* NULL: nothing (finding.h) */
    uint32_t mode;
    struct report_stack stack;
};

/* What a thread does to the memory that it wants (race.data). It writes it if it wants it exclusively. */
struct report_access {
    uint64_t address;
    uint64_t size; /* bytes; 0 when not known */
    bool atomic;
    bool locks_told; /* the locks held are all; else they are not known */
};

struct report_step {
    const struct report_thread *thread;
    const struct report_hold *holds;
    size_t holds_count;
    struct report_hold wants;
    const struct report_access *access; /* NULL unless it is a step of a race */
};

struct report_process;
struct resolver;

struct report_finding {
    const char *id;      /* hex, the same for the same bug in every run, build address and machine */
    const char *message; /* one line that states the conflict */
    uint32_t kind, shape, severity;
    uint64_t values[2]; /* finding.h */
    uint64_t count;     /* 0: it was withdrawn after it had been found, because it has proved wrong */
    uint64_t time_ns;   /* since the start of its process */
    uint32_t pid;
    const struct report_process *process; /* the one that it was found in first */
    bool told;                            /* while the program ran */
    const char *happened_id;   /* deadlock.potential: the id that it has when it happens; else NULL */
    const char *rule;          /* a suppression of this finding alone, ready to paste: lines */
    bool suppressed;           /* by a rule, or it is outside of --only-module */
    const char *suppressed_by; /* which, in words; NULL unless suppressed */
    bool known;                /* the baseline has it */
    bool merged;               /* no single run had it: it is joined from several recordings */
    const char *source; /* the tools that said it, "ThreadSanitizer" or "gordian and ThreadSanitizer"; NULL:
                           gordian alone */
    const struct report_step *steps;
    size_t steps_count;
    const struct report_thread *const *threads; /* every thread that the steps name, once */
    size_t threads_count;
    const struct report_lock *const *locks; /* every lock that the steps name, once */
    size_t locks_count;
};

struct report_process {
    uint32_t pid, parent;
    const char *exe;         /* "" when not known */
    const char *const *argv; /* NULL-terminated */
    const char *recording;   /* path of the file */
    uint32_t state;          /* enum recording_state */
    uint64_t started_ns;     /* CLOCK_REALTIME */
    bool forked;
    uint32_t lost; /* enum recording_lost, or-ed */
    uint64_t dropped, cut_searches, unlisted_cycles, unkept_dependencies,
        crowded_dependencies;  /* as in the recording's header */
    uint32_t threads;          /* seen in all */
    uint64_t unprofiled_locks; /* as in the recording's header */
    uint32_t stack_depth, max_steps, max_per_edge, max_cycles, max_uses,
        max_held; /* the options of these names */
    uint32_t max_profiled, starvation_overtakes, starvation_ms;
    uint64_t events[RECORDING_FAMILIES];
    const char *off_reason; /* "" unless state is RECORDING_OFF */
};

/* What a lock of one process cost. Waits are all timed; acquisitions and holds may be estimates from samples
 * (recording_profile). */
struct report_profile {
    const struct report_lock *lock;
    const struct report_process *process;
    uint64_t acquisitions;
    uint64_t contended; /* had to wait, and timed ones that did so in vain */
    uint64_t wait_ns, longest_wait_ns, hold_ns, longest_hold_ns;
    uint64_t hold_samples;
    bool sampled; /* fewer holds were measured than there were acquisitions: the numbers are estimates */
    struct report_stack longest_wait, longest_hold; /* count 0 when not known */
    struct report_profile_wait {
        struct report_stack stack;
        uint64_t count, wait_ns;
    } waits[RECORDING_PROFILE_STACKS]; /* where it was waited for longest in all, the longest first */
    size_t waits_count;
};

/* What `gordian run` knows and the recordings do not. */
struct report_run {
    const char *const *argv; /* NULL-terminated; NULL when the report is made from recordings alone */
    const char *exe;
    uint32_t pid;
    uint64_t started_ns; /* CLOCK_REALTIME */
    double duration_s;
    int exit; /* the program's own exit status, 128+signal; -1 while it runs */
};

struct report;
struct filter;

/* The version of gordian that reports name. */
#define REPORT_TOOL_VERSION "0.1.0"

/* Return an empty report. Never NULL: without memory the command says so and exits (memory.h). */
struct report *report_create(void);
void report_free(struct report *report);

/* Judge every finding by the filter (filter.h) when it is made. It outlives the report. To be called before
 * the first recording is read. */
void report_set_filter(struct report *report, struct filter *filter);

/* The filter, NULL when none was set. */
const struct filter *report_filter(const struct report *report);

/* Set what is known of the run; the strings are copied. May be called again. */
void report_set_run(struct report *report, const struct report_run *run);

/* Read the recording at `path`, or what was appended to it since the last call with that path. New findings
 * are resolved, merged and appended: the first N findings never change their place. A finding that is not
 * confirmed yet (its record's count is 0) is appended when it is; one that is withdrawn later stays in its
 * place with count 0, and writers leave it out. Returns 0, or a negative errno with one line in `error` that
 * says what is wrong with the file. A recording that is cut off or
 * damaged somewhere gives what stands before the damage and returns 0, and report_damage says so. A file that
 * is no recording gives -EINVAL. A file of saved lock orders (saved.h) gives all recordings in it. */
int report_update(struct report *report, const char *path, char *error, size_t error_size);

/* Look for deadlocks between the processes whose recordings were read: what their threads hold and wait for
 * now, or did when they were last heard of. New findings are appended as report_update does. Returns whether
 * something is to be confirmed by another call, REPORT_CONFIRM_MS later. O(threads and what they hold). */
bool report_cross(struct report *report);
#define REPORT_CONFIRM_MS 100

/* The same with that other call, if it is needed: takes up to REPORT_CONFIRM_MS longer. */
void report_cross_surely(struct report *report);

/* Add what another tool has reported (foreign.h), with the threads and locks of the process's recording where
 * it was read. What gordian has found too is that finding, which then names both sources; a lock order that
 * gordian knows to be harmless becomes a note that says so. Otherwise a finding is appended as report_update
 * does. What belongs to `foreign` is copied. O(findings). */
struct foreign_report;
void report_add_foreign(struct report *report, const struct foreign_report *foreign);

/* Say, or ask, whether the report is one of other tools' files alone: then no events are no sign of anything.
 */
void report_set_imported(struct report *report);
bool report_is_imported(const struct report *report);

/* Add a line to what report_remark says; it is copied. */
void report_add_remark(struct report *report, const char *text);

/* Whether a process whose recording was read has locks between processes. */
bool report_shares_locks(const struct report *report);

/* Join the lock orders of all recordings that were read, and append the deadlocks that none of them shows
 * alone. To be called once, when all are read. Returns 0, or a negative errno with one line in `error`. */
int report_merge(struct report *report, char *error, size_t error_size);

/* Append the deadlocks between classes of locks of each recording, as notes (classes.h). To be called once.
 * Returns as report_merge does. */
int report_classes(struct report *report, char *error, size_t error_size);

/* Save the lock orders of all recordings that were read, to be read again by report_update (saved.h). Returns
 * as report_merge does. */
int report_save(const struct report *report, const char *path, char *error, size_t error_size);

/* One line about a recording that was damaged or cut off, NULL when there was none. */
const char *report_damage(const struct report *report, size_t index);

/* One line about something the report had to do without, as a program file that changed since it ran; NULL
 * when there are no more. */
const char *report_remark(const struct report *report, size_t index);

size_t report_findings(const struct report *report);
const struct report_finding *report_finding(const struct report *report, size_t index);
size_t report_processes(const struct report *report);
const struct report_process *report_process(const struct report *report, size_t index);
const struct report_run *report_run(const struct report *report); /* NULL when not set */

/* What turns the ids of that process's recording into names (resolver.h), for parts of the recording that are
 * no findings. Using it does not change the report. */
struct resolver *report_resolver(const struct report *report, size_t index);

/* How often the finding at this place became another one, from 0. A deadlock that was predicted and then
 * happens is one bug, and so are a lock that a thread left locked when it ended and the deadlock of those who
 * wait for it: the lesser finding turns into the deadlock at the same place in the list (and when the
 * deadlock was first, the lesser one adds nothing), so whoever prints findings as they come prints it again
 * when its revision has grown. A growing count is no revision. */
unsigned report_finding_revision(const struct report *report, size_t index);

/* Sum of the events of a family over all processes. */
uint64_t report_events(const struct report *report, enum recording_family family);

/* Whether an event of a lock or wait was seen. A run without any says nothing about the program. Of a report
 * that is imported others have seen them. */
bool report_saw_locks(const struct report *report);

/* The path of the program that was run, else that of the first process; NULL when not known. */
const char *report_exe(const struct report *report);

/* What of the run no hook of locks sees, NULL-terminated, sorted: "futex (libglib-2.0.so.0)" for each module
 * that synchronises with futexes of its own, because it was seen to call them or is known to (coverage.h). */
const char *const *report_unseen(const struct report *report);

/* Read the profiles of all recordings as they are now and sort them by the time waited, the longest first.
 * Returns how many there are. What was returned for them before is no longer valid. */
size_t report_profiles(const struct report *report);

/* The profile at a place below what report_profiles returned last. Its names are looked up when it is first
 * asked for. */
const struct report_profile *report_profile(const struct report *report, size_t index);

/* Whether a finding counts for the exit status: severity error or warning, neither suppressed nor known from
 * the baseline, not withdrawn. */
bool report_counts(const struct report_finding *finding);

#endif
