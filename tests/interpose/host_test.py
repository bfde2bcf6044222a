#!/usr/bin/env python3
"""The library does no harm to its host: programs that do what a preload may stumble over run as they do by themselves.

    host_test.py GORDIAN COROUTINES LIBRARIES MUTEXES PROCESSES SIGNALS THREADS UNWINDING PROCESSES_SOURCE [Class.test...]
"""

import os
import re
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import watched  # noqa: E402

GORDIAN, COROUTINES, LIBRARIES, MUTEXES, PROCESSES, SIGNALS, THREADS, UNWINDING, SOURCE = watched.paths(9)

# What a case is expected to give: nothing, or one potential deadlock of these locks.
NOTHING = None
LEFT_RIGHT = ["left", "right"]

CASES = {
    COROUTINES: {
        "smaller_at_the_same_place": NOTHING,
        "mapped_and_unmapped": LEFT_RIGHT,
        "held_across_a_switch": LEFT_RIGHT,
        "held_beyond_its_stack": LEFT_RIGHT,
        "moved_between_threads": NOTHING,
    },
    LIBRARIES: {
        "found_beside_the_program": NOTHING,
        "loaded_and_unloaded": NOTHING,
        "constructor_that_waits": NOTHING,
    },
    MUTEXES: {
        "taken_again_errorcheck": NOTHING,
        "joined_by_itself": NOTHING,
        "robust_recovered": NOTHING,
        "recursion_70000": NOTHING,
        "recursion_ends": NOTHING,
        "made_a_million_times": NOTHING,
    },
    PROCESSES: {
        "found_in_the_child": LEFT_RIGHT,
        "forked_bare": LEFT_RIGHT,
        "forked_by_call": LEFT_RIGHT,
        "cloned_by_call": LEFT_RIGHT,
        "cloned": LEFT_RIGHT,
        "held_by_the_forking_thread": NOTHING,
        "while_others_are_at_work": NOTHING,
        "without_privileges": LEFT_RIGHT,
        "vfork_and_exec": NOTHING,
        "exec_from_a_thread": LEFT_RIGHT,
    },
    SIGNALS: {
        "storm": NOTHING,
        "jumps": LEFT_RIGHT,
        "on_its_own_stack": LEFT_RIGHT,
    },
    THREADS: {
        "two_thousand": NOTHING,
        "many_stacks": NOTHING,
        "smallest_stacks": LEFT_RIGHT,
        "locks_below_a_small_stack": ["mutex", "mutex"],
        "handles": NOTHING,
        "stacks": NOTHING,
        "destructors": LEFT_RIGHT,
        "cancelled_at_any_moment": LEFT_RIGHT,
        "cancelled_before_it_runs": NOTHING,
        "joined_side_by_side": NOTHING,
    },
    UNWINDING: {
        "exceptions": NOTHING,
        "cancelled": NOTHING,
        "exited": NOTHING,
    },
}

# What these programs do wrong on purpose, and are told about.
MISUSES = {
    "taken_again_errorcheck": ["misuse.relock", "misuse.unlock_unlocked"],
    "joined_by_itself": ["misuse.bad_join"],
    "recursion_70000": ["misuse.unlock_unlocked"],
    "jumps": ["misuse.init_locked"],
}


# What one of them may do wrong: whether it is cancelled with a mutex is up to the moment.
MAY = {"cancelled_at_any_moment": {"misuse.exit_holding"}}


class HostTest(unittest.TestCase):
    def check_case(self, program, name, locks):
        misuses = MISUSES.get(name, [])
        alone = watched.alone([program, name], timeout=20)
        run = watched.under(GORDIAN, [program, name], ["--text", "/dev/null"], timeout=20)
        self.assertEqual((alone.status, alone.stderr), (0, ""), alone)
        # What is found is told on stderr.
        told = [finding for finding in run.findings if finding.whole["severity"] != "note"]
        self.assertEqual((run.stdout, "" if told else run.stderr), (alone.stdout, alone.stderr), run)
        self.assertIsNotNone(run.report, run)
        self.assertEqual(run.report["run"]["exit"], 0, run)
        self.assertTrue(all(process["off_reason"] is None for process in run.report["processes"]))
        kinds = {finding.kind for finding in told} - {"deadlock.potential"} - MAY.get(name, set())
        self.assertEqual(sorted(kinds), misuses, run)
        # The handlers of these programs take what other code takes, too, and are told as such.
        found = [unnamed(finding.locks) for finding in told if finding.kind == "deadlock.potential"
                 and not (program == SIGNALS and finding.shape == "signal")]
        self.assertEqual(found, [locks] if locks else [], run)
        self.assertEqual(run.status, 66 if told else 0)

    def test_a_lock_that_another_thread_held_at_the_fork_is_orphaned_in_the_child(self):
        run = watched.under(GORDIAN, [PROCESSES, "held_by_another_thread"], timeout=20)
        self.assertEqual([(f.kind, f.shape, f.locks) for f in run.findings or []],
                         [("deadlock.actual", "orphaned", ["left"])], run)
        child = [process["pid"] for process in run.report["processes"] if process["forked"]]
        self.assertEqual([finding.pid for finding in run.findings], child)
        self.assertEqual(run.status, 66)
        self.assertLessEqual(run.findings[0].lines("processes.c") - {None}, watched.marked(SOURCE))
        # Reported when it blocks, not when the alarm would have ended it.
        self.assertLess(run.report["run"]["duration_s"], 5)

    def test_the_finding_of_a_child_that_no_fork_handler_saw_has_its_pid(self):
        for case in "forked_bare", "forked_by_call", "cloned_by_call", "cloned":
            run = watched.under(GORDIAN, [PROCESSES, case], timeout=20)
            child = [process["pid"] for process in run.report["processes"] if process["forked"]]
            self.assertEqual(([finding.pid for finding in run.findings], len(child)), (child, 1), run)

    def test_a_child_that_is_about_to_give_up_privileges_has_its_recording(self):
        run = watched.under(GORDIAN, [PROCESSES, "about_to_give_up_privileges"])
        self.assertEqual((run.status, run.stdout), (0, "child 0\n" * 6), run)
        self.assertEqual([process["forked"] for process in run.report["processes"]].count(True), 5)

    def test_a_daemon_goes_on_and_is_recorded(self):
        for under in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                out = os.path.join(folder, "out")
                command = [GORDIAN, "run", "--out", out, "--"] if under else []
                run = watched.execute([*command, PROCESSES, "as_a_daemon"], cwd=folder)
                self.assertIn(run.status, (0, 66), run)
                done = os.path.join(folder, "daemon.done")
                end = time.monotonic() + 20
                while time.monotonic() < end and not (os.path.exists(done) and os.path.getsize(done)):
                    time.sleep(0.01)
                with open(done, encoding="ascii") as file:
                    self.assertEqual(file.read(), "done\n")
                if under:
                    report = watched.report_of(GORDIAN, [out])
                    self.assertEqual([(f.kind, f.locks) for f in report.findings], [("deadlock.potential", LEFT_RIGHT)])

    def test_a_lock_in_a_signal_handler_is_not_dear(self):
        alone = min(int(watched.alone([SIGNALS, "cost"]).stdout) for _ in range(3))
        under = min(int(watched.under(GORDIAN, [SIGNALS, "cost"]).stdout) for _ in range(3))
        print(f"a signal whose handler takes a lock: {alone} ns by itself, {under} ns under gordian")
        # Both are mostly system calls. Walking such a stack by libunwind's slow steps alone takes 40 times as long.
        self.assertLess(under, alone * 20)

    def test_the_recording_does_not_grow_with_locks_that_come_and_go(self):
        for case in ("made_a_million_times",):
            with self.subTest(case), tempfile.TemporaryDirectory() as folder:
                run = watched.execute([GORDIAN, "run", "--out", folder, "--", MUTEXES, case])
                self.assertEqual(run.status, 0, run)
                sizes = [os.stat(os.path.join(folder, name)).st_blocks * 512
                         for name in os.listdir(folder) if name.endswith(".rec")]
                self.assertLess(sum(sizes), 4 << 20)


def unnamed(locks):
    return sorted("mutex" if re.match("mutex (first locked|initialised) at ", name) else name for name in locks)


for _program, _names in CASES.items():
    for _name, _locks in _names.items():
        setattr(HostTest, f"test_{os.path.basename(_program)}_{_name}",
                lambda self, program=_program, name=_name, locks=_locks: self.check_case(program, name, locks))


if __name__ == "__main__":
    check.main()
