#!/usr/bin/env python3
"""What threads wait for, besides locks: conditions, barriers, tasks and other threads; and how long, and who comes first.

    kinds_waits_test.py GORDIAN PROGRAM... SOURCE... [Class.test...]

PROGRAM and SOURCE: kinds_conditions, kinds_barriers, kinds_pools, kinds_joins, kinds_starvation.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import kinds  # noqa: E402
from tests.e2e.kinds import found, quiet, stopped  # noqa: E402

CONDITIONS, BARRIERS, POOLS, JOINS, STARVATION = kinds.programs("conditions", "barriers", "pools", "joins", "starvation")


class ConditionsTest(kinds.Scenarios):
    families = ["cond"]


CONDITIONS.add(ConditionsTest, {
    "lost_wake_up": stopped("hang.all_blocked", None, ["lost_wake_up"], threads=1),
    "one_signal_for_two": stopped("hang.all_blocked", None, ["wait_changed"]),
    "left_alone": stopped("hang.all_blocked", None, ["wait_changed"], threads=1),
    "nested_monitor": stopped("hang.all_blocked", None, ["wait_inside_outer", "signal_inside_outer", "nested_monitor"],
                              threads=3),
    "retake": stopped("deadlock.actual", "cycle", ["wait_with_outer_held", "take_inner_then_outer"]),
    "retake_timed": stopped("deadlock.actual", "cycle", ["wait_for_a_time_with_outer_held", "take_inner_then_outer"],
                            hangs="awake"),
    "retake_signalled": stopped("deadlock.actual", "cycle", ["wait_with_outer_held", "signal_then_take_outer"]),
    "retake_timed_out": stopped("deadlock.actual", "cycle", ["wait_briefly_with_outer_held", "hold_inner_then_take_outer"]),
    "retake_in_peace": quiet(ignored=[kinds.WAIT_HOLDING]),
    "signal_to_nobody": quiet(),
    "ping_pong": quiet(),
    "broadcast_storms": quiet(),
    "destroy_after_broadcast": quiet(),
    "renewed": quiet(),
    "cancelled": quiet(),
    "wait_holding": found("blocking.wait_holding", None, ["wait_with_a_lock_held"], threads=1, ignored=[]),
    "wait_unlocked": found("misuse.wait_unlocked", None, ["wait_unlocked"], threads=1),
    "wait_with_anothers_mutex": found("misuse.wait_unlocked", None, ["wait_with_anothers_mutex", "hold_checked"]),
    "two_mutexes": found("misuse.cond_two_mutexes", None, ["wait_with_inner", "wait_with_outer"]),
    "two_mutexes_after_a_broadcast": quiet(ignored=[kinds.WAIT_HOLDING]),
    "one_mutex_after_the_other": quiet(),
    "destroy_waited": found("misuse.destroy_waited", None, ["destroy_waited", "wait_for_a_moment"]),
    "use_destroyed": found("misuse.use_destroyed", None, ["use_destroyed"], threads=1),
    "init_when_not_waited": quiet(),
})


class BarriersTest(kinds.Scenarios):
    families = ["barrier"]


BARRIERS.add(BarriersTest, {
    "short_of_a_party": stopped("hang.all_blocked", None, ["meet", "short_of_a_party"], threads=3),
    "alone": stopped("hang.all_blocked", None, ["meet"], threads=1),
    "lock_across": stopped("hang.all_blocked", None, ["meet_with_door_held", "meet_through_the_door", "lock_across"],
                           threads=3),
    "used_again": quiet(),
    "destroyed_by_one_party": quiet(),
    "of_one": quiet(),
    "wait_holding": found("blocking.wait_holding", None, ["meet_with_door_held"], threads=1, ignored=[]),
    "of_none": found("misuse.bad_barrier", None, ["of_none"], threads=1),
    "destroyed_while_waited": found("misuse.bad_barrier", None, ["destroyed_while_waited", "destroy"]),
    "destroyed_by_the_last": kinds.Scenario([
        kinds.Expected("misuse.bad_barrier", None, ["prepare_meeting", "destroyed_by_the_last"], threads=1),
        kinds.Expected("hang.all_blocked", None, ["meet_once_more", "destroyed_by_the_last"])], hangs=True),
})


class PoolsTest(kinds.Scenarios):
    families = ["cond"]


POOLS.add(PoolsTest, {
    "task_waits_for_task": stopped("hang.all_blocked", None, ["wait_for"]),
    "tasks_wait_for_tasks": stopped("hang.all_blocked", None, ["wait_for"], threads=3),
    "task_waits_with_a_thread_to_spare": quiet(),
    "future_with_lock_held": stopped("hang.all_blocked", None, ["wait_with_account_held", "wait_for", "deposit"]),
    "future_without_lock_held": quiet(),
    "many_tasks": quiet(),
})


class JoinsTest(kinds.Scenarios):
    families = ["thread"]


JOINS.add(JoinsTest, {
    "ring_of_three": stopped("deadlock.actual", "join", ["join_first", "join_second", "join_third"], threads=3),
    "with_the_first_thread": stopped("deadlock.actual", "join", ["with_the_first_thread", "join_the_first_thread"]),
    "joined_thread_needs_a_lock": stopped("deadlock.actual", "join", ["joined_thread_needs_a_lock", "take_left"]),
    "joined_thread_needs_a_lock_later": stopped("deadlock.actual", "join",
                                                ["joined_thread_needs_a_lock_later", "take_left_when_joined"]),
    "join_after_unlock": quiet(),
    "tried_and_timed": quiet(),
    "timed_join_holding": quiet(ignored=[kinds.WAIT_HOLDING]),
    "chain": quiet(),
    "detached": quiet(),
    "wait_holding": found("blocking.wait_holding", None, ["wait_holding"], threads=1, ignored=[]),
    "join_detached": found("misuse.bad_join", None, ["join_detached"], threads=1),
    "join_twice": found("misuse.bad_join", None, ["join_twice"], threads=1),
    "join_self": found("misuse.bad_join", None, ["join_self", "join_oneself"]),
})


class StarvationTest(kinds.Scenarios):
    families = ["mutex", "rwlock"]


OVERTAKES, LONG_MS = 100, 50
LIMITS = f"starvation_overtakes={OVERTAKES}:starvation_ms={LONG_MS}"


def starves(test, under):
    """The figures of the finding are those of the options and beyond."""
    finding, = under.report["findings"]
    figures = finding["starvation"]
    test.assertEqual((figures["limit_overtaken"], figures["limit_s"]), (OVERTAKES, LONG_MS / 1000))
    test.assertGreater(figures["overtaken"], OVERTAKES)
    test.assertGreater(figures["waited_s"], LONG_MS / 1000)
    test.assertLess(figures["waited_s"], kinds.TIMEOUT_S)


def costs(test, under):
    """What the locks of the scenario cost, within the bounds of what it does."""
    profile = {kinds.lock_name(entry["lock"]): entry for entry in under.report["profile"]["locks"]}
    left = profile["left"]
    # Two thirds to one and a half times, where the number is an estimate.
    test.assertTrue(668 <= left["acquisitions"] <= 1503, left["acquisitions"])
    test.assertEqual(left["contended"], 1)
    for key in "wait_s", "longest_wait_s", "hold_s", "longest_hold_s":
        test.assertTrue(0.15 <= left[key] < kinds.TIMEOUT_S, (key, left[key]))
    test.assertLessEqual(left["longest_wait_s"], left["wait_s"])
    test.assertLessEqual(left["longest_hold_s"], left["hold_s"])
    test.assertEqual([(wait["count"], wait["wait_s"]) for wait in left["waits"]], [(1, left["wait_s"])])
    waited = {("wants", "left", kinds.line_in(stack, test.source)) for stack in (left["waits"][0]["stack"], left["longest_wait"])}
    test.assertEqual(waited, kinds.marked(test.source, ["take_left"]))
    if "right" in profile:
        test.assertEqual((profile["right"]["contended"], profile["right"]["wait_s"]), (0, 0))
        test.assertTrue(266 <= profile["right"]["acquisitions"] <= 600, profile["right"]["acquisitions"])


STARVATION.add(StarvationTest, {
    "writer_by_readers": found("starvation", None, ["write_once"], threads=1, maybe=["read_in_turns"], options=LIMITS,
                               look=starves),
    "often_and_long": found("starvation", None, ["take_left"], threads=1, maybe=["overtake"], options=LIMITS, look=starves),
    "long_but_not_often": quiet(options=LIMITS),
    "often_but_not_long": quiet(options=f"starvation_overtakes={OVERTAKES}:starvation_ms=60000"),
    "slow_holder": quiet(options=LIMITS),
    "profiled": quiet(look=costs),
})


if __name__ == "__main__":
    check.main()
