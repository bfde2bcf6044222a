#include "reports/finding_id.h"

#include <stdlib.h>

#include "tests/check.h"

/* A finding of two steps in a file of our own, changed by each test. */
static struct report_frame frames[4][2];
static struct report_lock alice, bob;
static struct report_thread one, two;
static struct report_hold holds[2];
static struct report_step steps[2];
static struct report_finding finding;

static struct report_stack stack_of(size_t index, const char *function, uint32_t line) {
    frames[index][0] = (struct report_frame){.function = function,
                                             .file = "bank.c",
                                             .line = line,
                                             .module = "/opt/bank/bank",
                                             .offset = line,
                                             .declared = 10};
    frames[index][1] = (struct report_frame){
        .function = "start_thread", .module = "/lib/libc.so.6", .offset = 0x8000, .line = 1, .declared = 1};
    return (struct report_stack){frames[index], 2, false};
}

static void start(void) {
    alice =
        (struct report_lock){.id = "L1", .name = "alice", .variable = "alice", .kind = 1, .address = 0x1000};
    bob =
        (struct report_lock){.id = "L2", .name = "bob+0x8", .variable = "bob", .kind = 1, .address = 0x2000};
    one = (struct report_thread){.id = "T1", .name = "main"};
    two = (struct report_thread){.id = "T2", .name = "teller"};
    holds[0] = (struct report_hold){&alice, 0, stack_of(0, "transfer", 12)};
    holds[1] = (struct report_hold){&bob, 0, stack_of(1, "audit", 15)};
    steps[0] = (struct report_step){&one, &holds[0], 1, {&bob, 0, stack_of(2, "transfer", 14)}, NULL};
    steps[1] = (struct report_step){&two, &holds[1], 1, {&alice, 0, stack_of(3, "audit", 16)}, NULL};
    finding = (struct report_finding){.kind = 1, .shape = 1, .steps = steps, .steps_count = 2};
}

static uint64_t signature(void) {
    return finding_id_signature(&finding);
}

TEST(the_number_itself_does_not_change_from_version_to_version) {
    start();
    CHECK(finding_id_of(&finding, signature()) == 0x1e9a1f76e2c05084);
}

TEST(it_does_not_depend_on_rotation_threads_addresses_or_paths) {
    start();
    uint64_t before = signature();
    struct report_step first = steps[0];
    steps[0] = steps[1];
    steps[1] = first;
    CHECK_EQ(signature(), before);
    steps[0].thread = &one;
    alice.address = 0x9000;
    alice.id = "L99";
    bob.name = "bob+0x10";
    for (int i = 0; i < 4; i++)
        frames[i][0].module = "/home/me/build/bank";
    CHECK_EQ(signature(), before);
}

TEST(code_added_elsewhere_in_the_file_changes_nothing) {
    start();
    uint64_t before = signature();
    for (int i = 0; i < 4; i++) {
        frames[i][0].line += 100;
        frames[i][0].declared += 100;
        frames[i][0].offset += 0x1000;
    }
    CHECK_EQ(signature(), before);
    frames[0][0].line++; /* but the lock is taken on another line of its function */
    CHECK(signature() != before);
}

TEST(what_starts_threads_and_locks_beside_the_knot_change_nothing) {
    start();
    struct report_hold more[2] = {{.lock = &(struct report_lock){.id = "L3", .name = "gate", .kind = 1}},
                                  holds[0]};
    uint64_t before = signature();
    steps[0].holds = more;
    steps[0].holds_count = 2;
    frames[1][1].function = "clone3";
    frames[2][1].function = NULL;
    CHECK_EQ(signature(), before);
}

TEST(functions_locks_modes_kinds_and_shapes_count) {
    start();
    uint64_t before = signature(), id = finding_id_of(&finding, before);
    frames[2][0].function = "withdraw";
    CHECK(signature() != before);
    start();
    bob.variable = "carol";
    CHECK(signature() != before);
    start();
    steps[0].wants.mode = LOCK_SHARED;
    CHECK(signature() != before);
    start();
    finding.kind = 2;
    CHECK_EQ(signature(), before);
    CHECK(finding_id_of(&finding, before) != id);
    start();
    finding.shape = 6;
    CHECK(finding_id_of(&finding, before) != id);
}

TEST(functions_without_a_name_are_their_offset_in_their_module) {
    start();
    frames[0][0].function = NULL;
    uint64_t before = signature();
    frames[0][0].module = "/elsewhere/bank";
    CHECK_EQ(signature(), before);
    frames[0][0].offset++;
    CHECK(signature() != before);
    frames[0][0].module = NULL; /* an address in no module means nothing elsewhere */
    before = signature();
    frames[0][0].offset++;
    CHECK_EQ(signature(), before);
}

TEST(what_compilers_and_versions_add_to_names_changes_nothing) {
    start();
    for (int i = 0; i < 4; i++)
        frames[i][0].module = "/opt/bank/libbank.so";
    uint64_t before = signature();
    for (int i = 0; i < 4; i++)
        frames[i][0].module = "/usr/lib/libbank.so.2.1";
    frames[0][0].function = "transfer.constprop.0";
    frames[1][0].function = "audit [clone .part.0]";
    CHECK_EQ(signature(), before);
    frames[0][0].module = "/opt/bank/libshop.so";
    CHECK(signature() != before);
}

TEST(what_the_c_library_does_in_between_changes_nothing) {
    static struct report_frame sorted[3];
    start();
    sorted[0] = frames[0][0];
    sorted[1] = (struct report_frame){.function = "session", .module = "/opt/bank/bank"};
    holds[0].stack = (struct report_stack){sorted, 2, false};
    uint64_t before = signature();
    sorted[2] = sorted[1];
    sorted[1] = (struct report_frame){.function = "qsort_r", .module = "/lib/libc.so.6", .offset = 0x99};
    holds[0].stack.count = 3;
    CHECK_EQ(signature(), before);
    sorted[1].module = "/lib/libsort.so.6";
    CHECK(signature() != before);
}

TEST(the_cpp_standard_library_and_numbers_of_lambdas_change_nothing) {
    static struct report_frame called[4];
    start();
    called[0] = frames[0][0];
    called[1] = (struct report_frame){.function = "main::{lambda()#2}::operator()() const",
                                      .file = "/src/bank.cc",
                                      .module = "/opt/bank/bank",
                                      .line = 9,
                                      .declared = 7};
    called[2] =
        (struct report_frame){.function = "main", .module = "/opt/bank/bank", .line = 3, .declared = 1};
    holds[0].stack = (struct report_stack){called, 3, false};
    uint64_t before = signature();
    called[1].function = "operator()"; /* as it is named when it is inlined */
    called[1].file = "/home/me/bank.cc";
    CHECK_EQ(signature(), before);
    called[3] = called[2];
    called[2] = (struct report_frame){.function = "void std::__invoke_impl<void, f>(f&&)",
                                      .module = "/opt/bank/bank"};
    holds[0].stack.count = 4;
    CHECK_EQ(signature(), before);
    called[2] = (struct report_frame){.function = "bank::call()", .module = "/opt/bank/bank"};
    CHECK(signature() != before);
    called[1].inlined = true; /* a part of a function that was split, inlined into the rest */
    called[2] = called[1];
    called[2].line = 8;
    CHECK_EQ(signature(), before);
    called[1].inlined = false; /* it calls itself */
    CHECK(signature() != before);
    called[1].file = "shop.cc";
    holds[0].stack.count = 3;
    called[2] = called[3];
    CHECK(signature() != before);
}

TEST(without_lines_the_place_in_the_function_counts) {
    start();
    for (int i = 0; i < 4; i++)
        frames[i][0].line = frames[i][0].declared = 0;
    for (int i = 0; i < 4; i++)
        frames[i][0].within = 0x20u + (unsigned)i;
    uint64_t before = signature();
    for (int i = 0; i < 4; i++)
        frames[i][0].offset += 0x1000;
    CHECK_EQ(signature(), before);
    frames[0][0].within++;
    CHECK(signature() != before);
}

TEST(locks_without_a_variable_are_known_by_where_they_were_made) {
    static struct report_frame made[2] = {
        {.function = "open", .module = "/opt/bank/bank", .line = 7, .declared = 5}, {0}};
    start();
    bob.variable = NULL;
    uint64_t before = signature();
    bob.initialised = (struct report_stack){made, 1, false};
    uint64_t initialised = signature();
    CHECK(initialised != before);
    made[0].line += 100;
    made[0].declared += 100;
    made[1].function = "load"; /* whoever asks for it */
    bob.initialised.count = 2;
    CHECK_EQ(signature(), initialised);
    made[0].function = "reopen";
    CHECK(signature() != initialised);
    bob.shared = true; /* another process may have seen it */
    CHECK_EQ(signature(), before);
    bob.shared = false;
    bob.variable = "bob"; /* its name says it all */
    initialised = signature();
    made[0].function = "open";
    CHECK_EQ(signature(), initialised);
}

TEST(a_step_of_a_ring_that_blocks_by_waiting_counts_by_its_wait) {
    start();
    struct report_hold other = {.lock = &(struct report_lock){.id = "L3", .name = "x", .variable = "x"}};
    steps[1].holds = &other; /* not what steps[0] wants */
    uint64_t before = signature();
    steps[1].holds_count = 0;
    finding.kind = FINDING_DEADLOCK_ACTUAL;
    CHECK_EQ(signature(), before);
    finding.kind = FINDING_HANG_ALL_BLOCKED;
    uint64_t none = signature();
    steps[1].holds_count = 1;
    CHECK(signature() != none);
}

TEST(blocked_threads_count_in_any_order_and_those_that_wait_alike_once) {
    static struct report_step crowd[5];
    start();
    finding.kind = FINDING_HANG_ALL_BLOCKED;
    uint64_t before = signature();
    const struct report_step a = steps[0], b = steps[1];
    const struct report_step mixed[] = {b, a, b, a, b};
    memcpy(crowd, mixed, sizeof crowd);
    finding.steps = crowd;
    finding.steps_count = 5;
    CHECK_EQ(signature(), before);
    crowd[4].wants.mode = LOCK_SHARED; /* one that waits for something else */
    CHECK(signature() != before);
    finding.steps_count = 4;
    CHECK_EQ(signature(), before);
    finding.kind = FINDING_DEADLOCK_ACTUAL;
    CHECK(signature() != before);
}

TEST(of_a_starvation_only_the_waiter_counts) {
    start();
    finding.kind = FINDING_STARVATION;
    uint64_t before = signature();
    frames[1][0].function = "withdraw";
    CHECK_EQ(signature(), before);
    frames[2][0].function = "withdraw";
    CHECK(signature() != before);
}

TEST(python_functions_count_without_lines_and_the_interpreter_does_not) {
    struct report_frame python[] = {
        {.function = "take", .file = "/srv/bank.py", .line = 12, .python = true},
        {.function = "_PyEval_EvalFrameDefault", .module = "/usr/bin/python3.11", .offset = 0x1234},
        {.function = "extension_call", .module = "/opt/fast.so", .offset = 0x10},
    };
    start();
    holds[0].stack = (struct report_stack){python, 3, false};
    uint64_t before = signature();
    python[0].line = 99;
    python[0].file = "/home/me/bank.py";
    python[1].function = "method_vectorcall";
    python[1].module = "/usr/lib/libpython3.12.so.1.0";
    CHECK_EQ(signature(), before);
    python[0].file = "/home/me/shop.py";
    CHECK(signature() != before);
    python[0].file = "/srv/bank.py";
    python[0].function = "give";
    CHECK(signature() != before);
    python[0].function = "take";
    CHECK_EQ(signature(), before);
    python[2].function = "other_call";
    CHECK(signature() != before);
}

/* Every rotation of rings of every length must give one number, also where steps repeat. */
TEST(all_rotations_of_long_rings_are_one) {
    enum { LONGEST = 9 };
    static struct report_frame at[LONGEST];
    struct report_step ring[LONGEST], turned[LONGEST];
    for (size_t length = 1; length <= LONGEST; length++)
        for (unsigned pattern = 0; pattern < 1u << length; pattern++) {
            uint64_t first = 0;
            for (size_t i = 0; i < length; i++) {
                at[i] = (struct report_frame){.function = pattern >> i & 1 ? "f" : "g", .module = "m"};
                ring[i] = (struct report_step){.thread = &one, .wants = {.stack = {&at[i], 1, false}}};
            }
            for (size_t turn = 0; turn < length; turn++) {
                for (size_t i = 0; i < length; i++)
                    turned[i] = ring[(i + turn) % length];
                struct report_finding one_turn = {.steps = turned, .steps_count = length};
                uint64_t now = finding_id_signature(&one_turn);
                first = turn ? first : now;
                CHECK(now == first);
            }
        }
}

CHECK_MAIN
