#!/usr/bin/env python3
"""Python's own locks, as Debian's python3 has them: used right, nothing is found; in two orders, both functions are named.

    python_kinds_test.py GORDIAN PYTHON_RIGHT PYTHON_ORDERS [Class.test...]
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import kinds, watched  # noqa: E402
from tests.e2e.kinds import found, quiet, stopped  # noqa: E402

GORDIAN, RIGHT_SOURCE, ORDERS_SOURCE = watched.paths(3)
PYTHON = "/usr/bin/python3"
RIGHT, ORDERS = (kinds.Program(GORDIAN, [PYTHON, source], source) for source in (RIGHT_SOURCE, ORDERS_SOURCE))


class RightTest(kinds.Scenarios):
    families = ["semaphore", "mutex"]


def tells_what_was_not_looked_at(test, under):
    process, = under.report["processes"]
    test.assertGreater(process["crowded_dependencies"], 1000)


RIGHT.add(RightTest, {
    "lock": quiet(),
    "rlock": quiet(),
    "condition": quiet(),
    "condition_with_time": quiet(),
    "queues": quiet(),
    "event": quiet(),
    "barrier": quiet(),
    "semaphore": quiet(),
    "timer": quiet(),
    "thread_pool": quiet(),
    "thread_pool_with_futures": quiet(),
    "thousands_of_futures": quiet(look=tells_what_was_not_looked_at),
    "process_pool": quiet(),
    "process_queue": quiet(),
    "handed_over": quiet(),
})


class OrdersTest(kinds.Scenarios):
    families = ["semaphore"]


def python_functions(finding):
    """For each part of the knot, the innermost Python function in the source."""
    def is_here(frame):
        return frame["python"] and os.path.realpath(frame["file"] or "") == os.path.realpath(ORDERS_SOURCE)

    frames = [next(filter(is_here, part["stack"]), None) for _, part in kinds.parts(finding)]
    return sorted(frame["function"] if frame else "?" for frame in frames)


def says(*functions):
    """The Python functions are told as such, each twice: where it got the one lock, and where it wants the other."""
    def look(test, under):
        finding, = under.report["findings"]
        test.assertEqual(python_functions(finding), sorted(functions * 2))
    return look


ORDERS.add(OrdersTest, {
    "in_turn": found("deadlock.potential", "cycle", ["left_right", "right_left"], look=says("left_right", "right_left")),
    "same_order": quiet(),
    "tried": quiet(),
    "live": stopped("deadlock.actual", "cycle", ["left_then_right", "right_then_left"],
                    look=says("left_then_right", "right_then_left")),
    "rlock_in_turn": found("deadlock.potential", "cycle", ["again_left", "left_again"], look=says("again_left", "left_again")),
})


if __name__ == "__main__":
    check.main()
