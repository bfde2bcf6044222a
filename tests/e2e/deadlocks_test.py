#!/usr/bin/env python3
"""Deadlocks that happen are reported at once and end the run; and what is found where sanitizers are at work too, and with the
library alone.

    deadlocks_test.py GORDIAN LIBRARY DEADLOCKS DEADLOCKS_SOURCE TWO_ORDERS_SOURCE TWO_ORDERS... [Class.test...]

TWO_ORDERS are the builds of two_orders.c: two_orders_c, two_orders_cpp, two_orders_clang_asan, ...
"""

import glob
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import watched  # noqa: E402

BUILDS = ["c", "cpp", "clang_asan", "clang_tsan", "gcc_asan", "gcc_tsan"]
GORDIAN, LIBRARY, DEADLOCKS, SOURCE, TWO_ORDERS_SOURCE, *TWO_ORDERS = watched.paths(5 + len(BUILDS))

# How long a report may take: design 50 ms, with room for a busy machine.
LATEST_S = 1

RING = ["ring", "ring+0x28", "ring+0x50", "ring+0x78", "ring+0xa0"]

# Name: shape, locks, functions whose REPORTED lines are named, number of threads in the knot.
DEADLOCKS_EXPECTED = {
    "two_locks": ("cycle", ["left", "right"], ["left_then_right", "right_then_left"], 2),
    "five_locks": ("cycle", RING, ["two_neighbours"], 5),
    "self": ("self", ["left"], ["self"], 1),
    "owner_joined_before": ("orphaned", ["left"], ["take_left_and_end", "want_left"], 2),
    "owner_ended_before": ("orphaned", ["left"], ["take_left_and_end", "want_left"], 2),
    "detached_owner_ended_before": ("orphaned", ["left"], ["take_left_and_end", "want_left"], 2),
    "owner_ends_after": ("orphaned", ["left"], ["take_left_and_end_later", "want_left"], 2),
    "detached_owner_ends_after": ("orphaned", ["left"], ["take_left_and_end_later", "want_left"], 2),
    "main_exits_after": ("orphaned", ["left"], ["main_exits_after", "want_left"], 2),
    "main_exits_before": ("orphaned", ["left"], ["main_exits_before", "want_left"], 2),
    "join_while_holding": ("join", ["left", "thread T2"], ["join_while_holding", "take_left"], 2),
    "join_while_holding_then_wanted": ("join", ["left", "thread T2"], ["join_while_holding_then_wanted", "take_left_late"], 2),
    "two_joins": ("join", ["thread T1 (main)", "thread T2"], ["two_joins", "join_main"], 2),
    "three_joins": ("join", ["thread T2", "thread T3", "thread T4"], ["join_next"], 3),
}


class LiveTest(unittest.TestCase):
    maxDiff = None

    def run_and_time(self, name):
        """Returns the Result and the seconds from the last thread blocking to the report's first line."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report.json")
            process = subprocess.Popen([GORDIAN, "run", "--json", path, "--", DEADLOCKS, name], text=True,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       env=watched.environment(), start_new_session=True)
            self.addCleanup(watched.end, process)
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.stderr.close)
            os.set_blocking(process.stderr.fileno(), False)
            first, deadline = None, time.monotonic() + watched.TIMEOUT_S / 6
            while not first and process.poll() is None and time.monotonic() < deadline:
                first = process.stderr.readline()
                now = time.monotonic_ns()
                if not first:
                    time.sleep(0.0005)
            os.set_blocking(process.stderr.fileno(), True)
            if not first and process.poll() is not None:  # it wrote and ended between two looks
                first = process.stderr.readline()
            self.assertTrue(first, f"{name}: nothing is reported")
            stdout, stderr = process.communicate(timeout=watched.TIMEOUT_S)
            with open(path, encoding="utf-8") as file:
                report = json.load(file)
        return watched.Result(process.returncode, stdout, first + stderr, report), (now - int(stdout)) / 1e9

    def check_deadlock(self, name, shape, locks, functions, threads):
        run, seconds = self.run_and_time(name)
        print(f"{name}: reported after {seconds * 1000:.1f} ms")
        self.assertLess(seconds, LATEST_S)
        self.assertEqual(run.status, 66, run)
        self.assertEqual([(f.kind, f.shape, f.locks) for f in run.findings], [("deadlock.actual", shape, locks)], run)
        finding, = run.findings
        sides = finding.steps + finding.holders
        self.assertEqual(len(sides), threads)
        self.assertEqual(len({side["thread"] for side in sides}), threads)
        self.assertEqual(finding.lines("deadlocks.c"), watched.marked(SOURCE, functions))


for _name, _expected in DEADLOCKS_EXPECTED.items():
    setattr(LiveTest, f"test_{_name}",
            lambda self, name=_name, expected=_expected: self.check_deadlock(name, *expected))


class BuildsTest(unittest.TestCase):
    """One program, built in many ways: found in all of them, both sides named by file and line."""

    maxDiff = None

    def check_build(self, program):
        # A ThreadSanitizer that finds the address space too random starts itself again without randomness; gcc 12's cannot.
        command = ["setarch", "-R", program] if program.endswith("gcc_tsan") else [program]
        run = watched.under(GORDIAN, command, env=watched.environment(TSAN_OPTIONS="exitcode=0"))
        self.assertEqual([(f.kind, f.shape, f.locks) for f in run.findings or []],
                         [("deadlock.potential", "cycle", ["left", "right"])], run)
        self.assertEqual(run.status, 66)
        finding, = run.findings
        self.assertEqual(finding.lines("two_orders.c"), watched.marked(TWO_ORDERS_SOURCE))
        functions = {frame.split("(")[0] for stack in finding.stacks() for frame in stack if frame}
        self.assertLessEqual({"forth", "back"}, functions)
        # The sanitizer does its own work as well: it is not kept from seeing the locks. What it says is read.
        self.assertEqual(finding.whole.get("source"), "gordian and ThreadSanitizer" if program.endswith("tsan") else None)
        self.assertEqual(run.report["run"]["exit"], 0)


for _build, _program in zip(BUILDS, TWO_ORDERS):
    setattr(BuildsTest, f"test_{_build}", lambda self, program=_program: self.check_build(program))


class LibraryAloneTest(unittest.TestCase):
    """LD_PRELOAD without the command: text on stderr, and a recording that `gordian report` reads."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def check_report(self, kind, shape, source, functions=None):
        recordings = glob.glob(self.folder + "/*.rec")
        self.assertEqual(len(recordings), 1)
        report = watched.report_of(GORDIAN, recordings)
        self.assertEqual(report.status, 66, report)
        self.assertEqual([(f.kind, f.shape, f.locks) for f in report.findings], [(kind, shape, ["left", "right"])])
        self.assertEqual(report.findings[0].lines(os.path.basename(source)), watched.marked(source, functions))
        return recordings[0]

    def test_a_deadlock_stops_the_program_when_told_so(self):
        run = watched.preloaded(LIBRARY, [DEADLOCKS, "two_locks"], self.folder, "on_deadlock=stop")
        self.assertEqual(run.status, 66, run)
        recording = self.check_report("deadlock.actual", "cycle", SOURCE, ["left_then_right", "right_then_left"])
        self.assertRegex(run.stderr, r"^gordian: deadlock\.actual: threads that wait for each other\n"
                                     r"  thread T2 holds lock L\d \(.*/deadlocks\+0x[0-9a-f]+\) taken at .* and wants lock L\d .*\n"
                                     r"  thread T3 holds lock L\d \(.*/deadlocks\+0x[0-9a-f]+\) taken at .* and wants lock L\d .*\n"
                                     rf"  full stacks: gordian report {recording}\n$")

    def test_a_deadlock_aborts_the_program_when_told_so(self):
        run = watched.preloaded(LIBRARY, [DEADLOCKS, "two_locks"], self.folder, "on_deadlock=abort")
        self.assertEqual(run.status, -6, run)
        self.check_report("deadlock.actual", "cycle", SOURCE, ["left_then_right", "right_then_left"])

    def test_the_status_can_be_chosen(self):
        run = watched.preloaded(LIBRARY, [DEADLOCKS, "self"], self.folder, "on_deadlock=stop:exit_code=9")
        self.assertEqual(run.status, 9, run)

    def test_a_program_goes_on_after_a_prediction(self):
        run = watched.preloaded(LIBRARY, [TWO_ORDERS[0]], self.folder, "on_deadlock=stop")
        self.assertEqual(run.status, 0, run)
        self.assertTrue(run.stderr.startswith("gordian: deadlock.potential: threads that wait for each other\n"), run.stderr)
        self.check_report("deadlock.potential", "cycle", TWO_ORDERS_SOURCE)

    def test_quiet_is_quiet(self):
        run = watched.preloaded(LIBRARY, [TWO_ORDERS[0]], self.folder, "quiet=1")
        self.assertEqual((run.status, run.stdout, run.stderr), (0, "", ""))
        self.check_report("deadlock.potential", "cycle", TWO_ORDERS_SOURCE)

    def test_a_program_that_hangs_is_reported_while_it_does(self):
        run = watched.preloaded(LIBRARY, [DEADLOCKS, "two_locks"], self.folder, timeout=2)
        self.assertEqual(run.status, "still running")
        self.assertTrue(run.stderr.startswith("gordian: deadlock.actual"), run)
        self.check_report("deadlock.actual", "cycle", SOURCE, ["left_then_right", "right_then_left"])


if __name__ == "__main__":
    check.main()
