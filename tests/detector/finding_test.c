#include "detector/finding.h"

#include "tests/check.h"

/* These strings are read by other programs. */
TEST(kinds_have_their_contract_names) {
    static const char *const expected[] = {
        NULL,
        "deadlock.potential",
        "deadlock.actual",
        "hang.all_blocked",
        "misuse.unlock_unlocked",
        "misuse.unlock_not_owner",
        "misuse.relock",
        "misuse.destroy_locked",
        "misuse.destroy_waited",
        "misuse.use_destroyed",
        "misuse.init_locked",
        "misuse.exit_holding",
        "misuse.wait_unlocked",
        "misuse.cond_two_mutexes",
        "misuse.sem_overflow",
        "misuse.fork_held",
        "misuse.bad_join",
        "misuse.bad_barrier",
        "blocking.wait_holding",
        "starvation",
        "order.single_thread",
        "misuse.assertion",
        "race.data",
    };
    CHECK_EQ(sizeof expected / sizeof expected[0], FINDING_KINDS);
    CHECK(finding_kind_name(0) == NULL);
    for (uint32_t kind = 1; kind < FINDING_KINDS; kind++)
        CHECK_STR(finding_kind_name(kind), expected[kind]);
    CHECK(finding_kind_name(FINDING_KINDS) == NULL);
    CHECK(finding_kind_name(UINT32_MAX) == NULL);
}

TEST(shapes_have_their_contract_names) {
    static const char *const expected[] = {"none", "cycle", "self", "orphaned", "join", "signal", "mixed"};
    CHECK_EQ(sizeof expected / sizeof expected[0], FINDING_SHAPES);
    for (uint32_t shape = 0; shape < FINDING_SHAPES; shape++)
        CHECK_STR(finding_shape_name(shape), expected[shape]);
    CHECK(finding_shape_name(FINDING_SHAPES) == NULL);
    CHECK(finding_shape_name(UINT32_MAX) == NULL);
}

TEST(severities_have_their_contract_names) {
    CHECK(finding_severity_name(0) == NULL);
    CHECK_STR(finding_severity_name(FINDING_NOTE), "note");
    CHECK_STR(finding_severity_name(FINDING_WARNING), "warning");
    CHECK_STR(finding_severity_name(FINDING_ERROR), "error");
    CHECK(finding_severity_name(FINDING_ERROR + 1) == NULL);
    CHECK(finding_severity_name(UINT32_MAX) == NULL);
}

CHECK_MAIN
