/* Who holds and who waits in a process, read from its recording's thread slots: no ptrace, no signal, nothing
 * asked of the process. It goes on meanwhile, so each thread's state is true of some moment during the
 * reading, and the threads' moments differ. Of a process that has died it is the last state.
 *
 * Not thread-safe. All memory belongs to the live.
 */
#ifndef GORDIAN_REPORTS_LIVE_H
#define GORDIAN_REPORTS_LIVE_H

#include "reports/memory.h"
#include "reports/report.h"

struct live_hold {
    const struct report_lock *lock; /* NULL: not known in the recording yet, its address alone is */
    uint64_t address;
    uint32_t mode;
    uint32_t depth;            /* times taken */
    struct report_stack stack; /* of the acquisition; only its innermost frames when `site` */
    bool site;
};

enum live_wait {
    LIVE_RUNS = 0,
    LIVE_WAITS_LOCK = 1,
    LIVE_WAITS_JOIN = 2,
    LIVE_WAITS_CONDITION = 3,
    LIVE_WAITS_SEMAPHORE = 4,
    LIVE_WAITS_BARRIER = 5,
    LIVE_WAITS_OUTSIDE = 6 /* for something that another process may release: a file, a shared semaphore */
};

struct live_thread {
    const struct report_thread *thread;
    bool ending;    /* its start routine has returned */
    bool uncertain; /* it changed its state faster than it could be read */
    const struct live_hold *holds;
    size_t holds_count;
    enum live_wait wait;
    const struct report_lock *wanted; /* the lock, condition ...; NULL when not known, and for a join */
    const struct report_lock *then;   /* LIVE_WAITS_CONDITION: the mutex that it takes again; may be NULL */
    const struct report_thread *awaited; /* LIVE_WAITS_JOIN */
    uint32_t wanted_mode;
    bool timed;         /* the wait has a time limit */
    uint64_t waited_ns; /* 0 when not known, as of a process that was killed */
    struct report_stack wait_stack;
};

struct live {
    uint32_t pid;
    const char *exe; /* "" when not known */
    uint32_t state;  /* enum recording_state */
    bool running;    /* the process has the recording mapped now */
    const struct live_thread *threads;
    size_t count;
    const char *damage; /* as recording_reader_damage */
};

/* Read the state from the recording at `path`. Returns 0, or a negative errno with one line in `error`. The
 * caller frees *out. */
int live_read(const char *path, struct live **out, char *error, size_t error_size);
void live_free(struct live *live);

/* What the thread waits for, in words that follow "waits ": "for bob", "for the end of teller (T2)", "for
 * condition ready, then for mutex bob", "for semaphore items", "at barrier phase", "to read-lock table". The
 * text comes from the pool; NULL for a thread that does not wait. */
const char *live_wait_text(struct memory_pool *pool, const struct live_thread *thread);

/* Read the state of the running process `pid`, whose recording is found among its mappings. Returns 0, or a
 * negative errno with one line in `error`: -ENOENT when there is no such process, -EACCES when it may not be
 * looked at, -ESRCH when gordian is not at work in it. */
int live_read_process(uint32_t pid, struct live **out, char *error, size_t error_size);

#endif
