#!/usr/bin/env python3
"""What comes from outside of a process's threads: signals and their handlers, timers, other processes.

    kinds_outside_test.py GORDIAN PROGRAM... SOURCE... [Class.test...]

PROGRAM and SOURCE: kinds_signals, kinds_outside, kinds_shared.
"""

import os
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import kinds  # noqa: E402
from tests.e2e.kinds import found, quiet, stopped  # noqa: E402

SIGNALS, OUTSIDE, SHARED = kinds.programs("signals", "outside", "shared")


class SignalsTest(kinds.Scenarios):
    families = ["mutex", "semaphore"]


def names_the_signal(test, under):
    finding, = under.report["findings"]
    test.assertEqual(finding["signal"], {"number": signal.SIGUSR1, "name": "SIGUSR1"})


def interrupts():
    """The handler could have interrupted the thread that has the lock."""
    return found("deadlock.potential", "signal", ["take_left", "take_left_in_handler"], threads=1, severity="error",
                 look=names_the_signal)


SIGNALS.add(SignalsTest, {
    "handler_first": interrupts(),
    "handler_last": interrupts(),
    "handler_in_another_thread": interrupts(),
    "blocked_outside": quiet(),
    "tried_in_handler": quiet(),
    "told_by_the_kernel": interrupts(),
    "in_a_fault": quiet(),
    "taken_before_the_handler": quiet(),
    "another_lock_in_handler": quiet(),
    "only_in_handler": quiet(),
    "interrupted_holding": stopped("deadlock.actual", "self", ["interrupted", "take_left_in_handler"], threads=1, hangs="awake"),
    "posted_by_handler": quiet(),
    "posted_by_a_timer": quiet(ignored=["hang.all_blocked"]),
})


class OutsideTest(kinds.Scenarios):
    families = ["cond", "semaphore"]


def in_the_end():
    """The program goes on, though all its threads are blocked for a while. That is worth a note at most."""
    return quiet(ignored=["hang.all_blocked"])


OUTSIDE.add(OutsideTest, {
    "posted_by_a_handler": in_the_end(),
    "waits_for_a_signal": in_the_end(),
    "pauses": in_the_end(),
    "timer_thread": in_the_end(),
    "raw_thread": in_the_end(),
    "child_process": in_the_end(),
    "one_reads": in_the_end(),
    "one_has_a_time_limit": in_the_end(),
    "one_computes": in_the_end(),
})


class SharedTest(kinds.Scenarios):
    families = ["mutex", "rwlock", "spin", "cond", "barrier", "semaphore"]


SHARED.add(SharedTest, {
    "mutexes": quiet(),
    "rwlocks": quiet(),
    "spinlocks": quiet(),
    "conditions": quiet(),
    "barriers": quiet(),
    "semaphore_as_lock": quiet(),
    "producer_and_consumer": quiet(),
    "robust": quiet(),
    "all_wait_for_the_child": quiet(ignored=["hang.all_blocked"]),
})


if __name__ == "__main__":
    check.main()
