/* A finding made by hand, for tests of what looks at findings: main holds alice and wants bob, the teller
 * holds bob and wants alice, and each holds the gate beside it. knot_start makes it anew; tests change its
 * parts.
 */
#ifndef GORDIAN_TESTS_REPORTS_KNOT_H
#define GORDIAN_TESTS_REPORTS_KNOT_H

#include "reports/report.h"

enum { KNOT_FRAMES = 6 };

static struct report_frame knot_frames[4][KNOT_FRAMES]; /* holds and wants of main, then of the teller */
static struct report_lock knot_alice, knot_bob, knot_gate;
static struct report_thread knot_main, knot_teller;
static struct report_hold knot_holds[2][2];
static struct report_step knot_steps[2];
static struct report_process knot_process;
static struct report_finding knot;

/* pthread_mutex_lock <- lock_both(Account&, Account&) <- `caller` <- main <- libc */
static struct report_stack knot_stack(size_t index, const char *caller) {
    struct report_frame *frames = knot_frames[index];
    frames[0] = (struct report_frame){
        .function = "pthread_mutex_lock", .module = "/usr/lib/libc.so.6", .offset = 0x10, .line = 0};
    frames[1] = (struct report_frame){.function = "bank::lock_both(bank::Account&, bank::Account&)",
                                      .file = "/src/bank/lock.cc",
                                      .line = 14,
                                      .declared = 10,
                                      .module = "/opt/bank/libbank.so.2.1",
                                      .offset = 0x20};
    frames[2] = (struct report_frame){.function = caller,
                                      .file = "/src/bank/desk.c",
                                      .line = 30,
                                      .declared = 25,
                                      .module = "/opt/bank/bank",
                                      .offset = 0x30};
    frames[3] = (struct report_frame){.function = "day.constprop.0",
                                      .file = "/src/bank/desk.c",
                                      .line = 50,
                                      .declared = 45,
                                      .module = "/opt/bank/bank",
                                      .offset = 0x40};
    frames[4] = (struct report_frame){.function = "main",
                                      .file = "/src/bank/main.c",
                                      .line = 60,
                                      .declared = 55,
                                      .module = "/opt/bank/bank",
                                      .offset = 0x50};
    frames[5] = (struct report_frame){
        .function = "__libc_start_main", .module = "/usr/lib/libc.so.6", .offset = 0x60, .line = 0};
    return (struct report_stack){frames, KNOT_FRAMES, false};
}

static inline void knot_start(void) {
    knot_alice = (struct report_lock){.id = "L1", .name = "alice+0x8", .variable = "alice", .kind = 1};
    knot_bob = (struct report_lock){.id = "L2", .name = "mutex initialised at bank.c:12 in open", .kind = 1};
    knot_gate = (struct report_lock){.id = "L3", .name = "gate", .variable = "gate", .kind = 1};
    knot_main = (struct report_thread){.id = "T1", .name = "main"};
    knot_teller = (struct report_thread){.id = "T2", .name = "teller"};
    knot_process = (struct report_process){.pid = 4711, .exe = "/opt/bank/bank"};
    knot_holds[0][0] = (struct report_hold){&knot_gate, 0, {0}};
    knot_holds[0][1] = (struct report_hold){&knot_alice, 0, knot_stack(0, "transfer")};
    knot_holds[1][0] = (struct report_hold){&knot_bob, 0, knot_stack(2, "audit")};
    knot_holds[1][1] = (struct report_hold){&knot_gate, 0, {0}};
    knot_steps[0] =
        (struct report_step){&knot_main, knot_holds[0], 2, {&knot_bob, 0, knot_stack(1, "transfer")}, NULL};
    knot_steps[1] =
        (struct report_step){&knot_teller, knot_holds[1], 2, {&knot_alice, 0, knot_stack(3, "audit")}, NULL};
    knot = (struct report_finding){.id = "1e9a1f76e2c05084",
                                   .happened_id = "2e9a1f76e2c05084",
                                   .message = "deadlock possible: main locks bob while it holds alice",
                                   .kind = FINDING_DEADLOCK_POTENTIAL,
                                   .shape = FINDING_SHAPE_CYCLE,
                                   .severity = FINDING_WARNING,
                                   .count = 1,
                                   .process = &knot_process,
                                   .steps = knot_steps,
                                   .steps_count = 2};
}

#endif
