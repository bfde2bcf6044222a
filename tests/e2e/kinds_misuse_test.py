#!/usr/bin/env python3
"""Misuse is reported with both its places, and what only looks like it is not; and objects that are none do no harm.

    kinds_misuse_test.py GORDIAN PROGRAM... SOURCE... [Class.test...]

PROGRAM and SOURCE: kinds_misuse, kinds_endings, kinds_garbage. Other kinds of objects misused: kinds_locks_test.py,
kinds_waits_test.py.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import kinds  # noqa: E402
from tests.e2e.kinds import found, quiet, stopped, unharmed  # noqa: E402

MISUSE, ENDINGS, GARBAGE = kinds.programs("misuse", "endings", "garbage")


class MisuseTest(kinds.Scenarios):
    families = ["mutex"]


def both(kind, function):
    """The thread ends with the mutex; another then does the rest."""
    return kinds.Scenario([kinds.Expected("misuse.exit_holding", None, ["hold_left_for_good"], threads=1),
                           kinds.Expected(kind, None, [function, "hold_left_for_good"])])


MISUSE.add(MisuseTest, {
    "unlock_unlocked": found("misuse.unlock_unlocked", None, ["unlock_unlocked"], threads=1),
    "unlock_unlocked_normal": found("misuse.unlock_unlocked", None, ["unlock_unlocked_normal"], threads=1),
    "unlock_unlocked_checked": found("misuse.unlock_unlocked", None, ["unlock_unlocked_checked"], threads=1),
    "unlock_by_another": found("misuse.unlock_not_owner", None, ["unlock_by_another", "hold_left"]),
    "unlock_by_another_for_good": found("misuse.unlock_not_owner", None, ["unlock_by_another_for_good", "hold_left_for_good"]),
    "unlock_by_another_checked": found("misuse.unlock_not_owner", None, ["unlock_by_another_checked", "hold_checked"]),
    "unlock_in_another_function": quiet(),
    "unlock_out_of_order": quiet(),
    "relock_checked": found("misuse.relock", None, ["relock_checked"], threads=1),
    "relock_in_time": quiet(),
    "recursive": quiet(),
    "unlock_once_too_often": found("misuse.unlock_unlocked", None, ["unlock_once_too_often"], threads=1),
    "one_thread_both_orders": quiet(),
    "one_thread_both_orders/noted": found("order.single_thread", "cycle", ["both_orders"], threads=1, options="single_thread=1"),
    "destroy_locked": found("misuse.destroy_locked", None, ["destroy_locked", "hold_left"]),
    "destroy_left_behind": both("misuse.destroy_locked", "destroy_left_behind"),
    "unlock_left_behind": both("misuse.unlock_not_owner", "unlock_left_behind"),
    "destroy_locked_by_oneself": found("misuse.destroy_locked", None, ["destroy_locked_by_oneself"], threads=1),
    "lock_destroyed": found("misuse.use_destroyed", None, ["lock_destroyed"], threads=1),
    "lock_destroyed_by_another": found("misuse.use_destroyed", None, ["lock_destroyed_by_another", "destroy_left"]),
    "renewed": quiet(),
    "init_locked": found("misuse.init_locked", None, ["init_locked", "hold_left"]),
    "init_under_owner": found("misuse.init_locked", None, ["init_under_owner", "hold_left_for_good"]),
    "init_unlocked": quiet(),
    "memory_reused": quiet(),
    "memory_reused_undestroyed": quiet(),
})


class EndingsTest(kinds.Scenarios):
    families = ["mutex"]


ENDINGS.add(EndingsTest, {
    "returned": found("misuse.exit_holding", None, ["return_holding"], threads=1),
    "exited": found("misuse.exit_holding", None, ["exit_with_left"], threads=1),
    "cancelled": found("misuse.exit_holding", None, ["wait_with_left"], threads=1),
    "cancelled_with_a_clean_up": quiet(),
    "unlocked_by_a_destructor": quiet(),
    "process_exits": quiet(),
    "robust_recovered": quiet(),
    "robust_given_up": quiet(),
    # That it ended with the lock is part of the deadlock, and not told twice.
    "wanted_after_return": stopped("deadlock.actual", "orphaned", ["return_holding", "wanted_after_return"]),
    "fork_holding": found("misuse.fork_held", None, ["fork_holding"], threads=1, severity="note"),
    "child_tries": found("misuse.fork_held", None, ["child_tries", "hold_left"], severity="warning"),
    "child_locks": stopped("deadlock.actual", "orphaned", ["child_locks", "hold_left"]),
    "child_keeps_away": quiet(),
    "fork_handlers": quiet(),
    "fork_and_exec": quiet(),
})


class GarbageTest(kinds.Scenarios):
    families = ["mutex", "semaphore"]


GARBAGE.add(GarbageTest, {
    "all_ones": unharmed(),
    "text_instead": unharmed(),
    "copied": unharmed(),
    "freed_and_reused": unharmed(),
    "unmapped": unharmed(),
    "stack_unmapped": unharmed(),
    "process_died_holding": unharmed(),
    "process_died_holding_robust": quiet(),
})


if __name__ == "__main__":
    check.main()
