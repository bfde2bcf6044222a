/* A table of waits for the tests of the wait-for graph, which can be changed before each reading; and checks
 * of what is found in it. */
#ifndef GORDIAN_TESTS_DETECTOR_WAIT_TABLE_H
#define GORDIAN_TESTS_DETECTOR_WAIT_TABLE_H

#include <stdarg.h>

#include "detector/wait_graph.h"
#include "tests/check.h"

#define THREADS 520
#define LIST 520
#define CAPACITY 16
#define END 0 /* of a list of threads */

/* The threads of a process. `changes` is called before each reading. */
static struct {
    struct wait_edge wait;
    enum wait_need need;
    uint32_t list[LIST];
    uint32_t count; /* more than LIST: so many, of which none is written */
} process[THREADS];
static uint32_t spread; /* ids are multiples of it */
static uint32_t readings, asked;
static void (*changes)(void);

__attribute__((unused)) static void read_wait(void *context, uint32_t thread, struct wait_edge *out) {
    (void)context;
    readings++;
    if (changes)
        changes();
    *out = process[thread / spread].wait;
}

__attribute__((unused)) static enum wait_need read_need(void *context, uint32_t thread,
                                                        const struct wait_edge *edge, uint32_t *threads,
                                                        uint32_t room, uint32_t *count) {
    (void)context;
    readings++;
    asked++;
    if (changes)
        changes();
    CHECK(edge->kind != WAIT_NONE && edge->kind != WAIT_OUTSIDE);
    CHECK(!edge->timed || edge->kind == WAIT_CONDITION);
    uint32_t n = process[thread / spread].count;
    *count = n <= room ? n : room + 1;
    for (uint32_t i = 0; i < n && n <= LIST && n <= room; i++)
        threads[i] = process[thread / spread].list[i];
    return process[thread / spread].need;
}

static const struct wait_view view = {NULL, read_wait, read_need};
static _Alignas(8) char bytes[1 << 20];
static struct wait_memory memory;

__attribute__((unused)) static void fresh(void) {
    memset(process, 0, sizeof process);
    memset(bytes, 0xa5, sizeof bytes); /* the memory need not be cleared */
    CHECK(wait_memory_bytes(CAPACITY) <= sizeof bytes);
    memory = wait_memory_lay(bytes, CAPACITY);
    spread = 1;
    readings = asked = 0;
    changes = NULL;
}

/* The thread waits, and needs the listed ones. */
__attribute__((unused)) static void waits(uint32_t thread, enum wait_kind kind, enum wait_need need, ...) {
    static uint64_t tickets;
    va_list list;
    va_start(list, need);
    process[thread].count = 0;
    for (uint32_t next; (next = va_arg(list, uint32_t)) != END;)
        process[thread].list[process[thread].count++] = next;
    va_end(list);
    process[thread].need = need;
    process[thread].wait = (struct wait_edge){.kind = kind, .target = 100 + thread, .ticket = ++tickets};
}

/* A lock of one holder, and a join. */
__attribute__((unused)) static void wants(uint32_t thread, uint32_t holder) {
    waits(thread, WAIT_LOCK, WAIT_NEEDS_ALL, holder, END);
}

__attribute__((unused)) static void joins(uint32_t thread, uint32_t other) {
    waits(thread, WAIT_JOIN, WAIT_NEEDS_ALL, other, END);
}

__attribute__((unused)) static void runs(uint32_t thread) {
    process[thread].wait.kind = WAIT_NONE;
}

__attribute__((unused)) static struct wait_knot find(uint32_t thread) {
    return wait_graph_find(&view, thread, &memory);
}

/* `verdict`, and the threads that are shown. */
__attribute__((unused)) static void check_found(const char *file, int line, uint32_t thread,
                                                enum wait_verdict verdict, uint32_t shape, ...) {
    struct wait_knot knot = find(thread);
    uint32_t count = 0;
    bool right = knot.verdict == verdict && knot.shape == shape;
    va_list list;
    va_start(list, shape);
    for (uint32_t next; (next = va_arg(list, uint32_t)) != END; count++) {
        right &= count < knot.count && memory.threads[count] == next;
        bool gone = verdict == WAIT_ORPHANED && count + 1 == knot.count;
        if (right)
            right &= gone ? memory.waits[count].kind == WAIT_NONE
                          : memory.waits[count].ticket == process[next / spread].wait.ticket;
    }
    va_end(list);
    if (!right || knot.count != count) {
        printf("%s:%d: verdict %u, shape %u:", file, line, knot.verdict, knot.shape);
        for (uint32_t i = 0; i < knot.count; i++)
            printf(" %u", memory.threads[i]);
        puts("");
        check_failed = true;
    }
}

#define CHECK_RING(thread, shape, ...)                                                                       \
    check_found(__FILE__, __LINE__, thread, WAIT_KNOT, shape, __VA_ARGS__, END)
#define CHECK_ORPHANED(thread, ...)                                                                          \
    check_found(__FILE__, __LINE__, thread, WAIT_ORPHANED, FINDING_SHAPE_ORPHANED, __VA_ARGS__, END)
#define CHECK_NO_KNOT(thread) check_found(__FILE__, __LINE__, thread, WAIT_NO_KNOT, FINDING_SHAPE_NONE, END)
#define CHECK_TOO_LARGE(thread)                                                                              \
    check_found(__FILE__, __LINE__, thread, WAIT_TOO_LARGE, FINDING_SHAPE_NONE, END)

/* ---- what changes while it is read ---- */

static uint32_t change_at; /* of the readings */
static void (*change)(void);

__attribute__((unused)) static void change_once(void) {
    if (readings == change_at)
        change();
}

__attribute__((unused)) static void nothing(void) {}

__attribute__((unused)) static void other_wait(void) {
    process[1].wait.ticket++;
}

__attribute__((unused)) static void wait_over(void) {
    runs(1);
}

__attribute__((unused)) static void released(void) {
    process[1].need = WAIT_CAN_GO;
}

#endif
