#!/usr/bin/python3
"""Deadlocks between processes, over locks in memory that they share: reported at once, with both sides; and programs that only
come near one.

    processes_test.py GORDIAN LIBRARY FORK FORK_SOURCE EXEC EXEC_SOURCE SCHEMA [Class.test...]
"""

import glob
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import jsonschema

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import watched  # noqa: E402

GORDIAN, LIBRARY, FORK, FORK_SOURCE, EXEC, EXEC_SOURCE, SCHEMA = watched.paths(7)

# How long a report may take from the start of the program on; it does nothing but deadlock.
LATEST_S = 5

# Case of processes_fork: shape, functions whose REPORTED lines are named, sides, processes.
KNOTS = {
    "two_orders": ("cycle", ["two_orders", "right_then_left"], 2, 2),
    "two_orders_robust": ("cycle", ["two_orders", "right_then_left"], 2, 2),
    "two_orders_segment": ("cycle", ["two_orders", "right_then_left"], 2, 2),
    "three_orders": ("cycle", ["two_neighbours"], 3, 3),
    "through_a_thread": ("cycle", ["through_a_thread", "take_inner_and_right", "right_then_left"], 3, 2),
    "killed_owner": ("orphaned", ["take_left_and_stay", "want_left"], 2, 2),
    "killed_owner_waited_for": ("orphaned", ["take_left_and_stay", "want_left"], 2, 2),
}
SILENT = ["one_order", "one_order_robust", "one_order_segment", "timed_order", "killed_robust_owner",
          "killed_robust_owner_waited_for"]


def is_there(pid):
    """Whether the process runs: not gone, and no zombie that nobody waits for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def pids(finding):
    """The processes of the knot, as the threads' names tell them."""
    names = {thread["id"]: thread["name"] for thread in finding.whole["threads"]}
    return {names[side["thread"]].rsplit("(pid ", 1)[1].rstrip(")") for side in finding.steps + finding.holders}


class KnotTest(unittest.TestCase):
    maxDiff = None

    def check_knot(self, run, shape, source, functions, sides, processes):
        self.assertEqual([(f.kind, f.shape) for f in run.findings or []], [("deadlock.actual", shape)], run)
        finding, = run.findings
        both = finding.steps + finding.holders
        self.assertEqual(len(both), sides)
        self.assertEqual(len({side["thread"] for side in both}), sides)
        self.assertEqual(len(pids(finding)), processes)
        self.assertEqual(finding.count, 1)
        self.assertEqual(finding.whole["severity"], "error")
        self.assertEqual(finding.lines(os.path.basename(source)), watched.marked(source, functions))
        for stack in finding.stacks():  # whole ones
            self.assertTrue({"main", "take_inner_and_right"} & set(stack), stack)
        errors = [error.message for error in jsonschema.Draft202012Validator(
            json.loads(pathlib.Path(SCHEMA).read_text("utf-8"))).iter_errors(run.report)]
        self.assertEqual(errors, [])
        return finding


class ProcessesTest(KnotTest):
    """`gordian run` tells of them as soon as they happen."""

    def check_fork(self, name):
        begin = time.monotonic()
        run = watched.under(GORDIAN, [FORK, name])
        self.assertLess(time.monotonic() - begin, LATEST_S)
        self.assertEqual(run.status, 66, run)
        shape, functions, sides, processes = KNOTS[name]
        finding = self.check_knot(run, shape, FORK_SOURCE, functions, sides, processes)
        for pid in pids(finding):
            self.assertFalse(is_there(pid), pid)

    def check_silent(self, program, name):
        run = watched.under(GORDIAN, [program, name])
        self.assertEqual((run.status, run.findings), (0, []), run)

    def test_two_programs(self):
        run = watched.under(GORDIAN, [EXEC, "two_orders"])
        self.assertEqual(run.status, 66, run)
        finding = self.check_knot(run, "cycle", EXEC_SOURCE, ["first", "second"], 2, 2)
        # Both processes say the same of a lock, wherever they map it.
        self.assertEqual(len(finding.whole["locks"]), 2)
        for lock in finding.locks:
            self.assertRegex(lock, r"^mutex initialised at processes_exec\.c:\d+ in make_locks$")

    def test_two_programs_in_one_order(self):
        self.check_silent(EXEC, "one_order")

    def test_a_process_that_has_left_the_group_is_ended_too(self):
        run = watched.under(GORDIAN, [FORK, "two_orders_outside"])
        self.assertEqual(run.status, 66, run)
        finding = self.check_knot(run, "cycle", FORK_SOURCE, ["two_orders_outside", "right_then_left"], 2, 2)
        child = run.stdout.strip()
        self.assertIn(child, pids(finding))
        self.assertFalse(is_there(child))

    def test_abort_ends_all_of_them(self):
        run = watched.under(GORDIAN, [FORK, "two_orders"], ["--on-deadlock", "abort"])
        self.assertEqual(run.status, 66, run)
        finding = self.check_knot(run, "cycle", FORK_SOURCE, ["two_orders", "right_then_left"], 2, 2)
        for pid in pids(finding):
            self.assertFalse(is_there(pid), pid)
        self.assertEqual(run.report["run"]["exit"], 128 + signal.SIGABRT)

    def test_continue_lets_them_be(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report.json")
            process = subprocess.Popen([GORDIAN, "run", "--json", path, "--on-deadlock", "continue", "--", FORK,
                                        "two_orders_outside"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True, env=watched.environment(), start_new_session=True)
            self.addCleanup(watched.end, process)
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.stderr.close)
            child = int(process.stdout.readline())
            self.assertTrue(process.stderr.readline().startswith("gordian: deadlock: main (pid "))
            self.assertIsNone(process.poll())
            self.assertTrue(is_there(child))
            os.kill(child, signal.SIGKILL)  # the other one then has a dead owner: it stays, and is told as one more
            process.terminate()
            process.wait(watched.TIMEOUT_S)
            with open(path, encoding="utf-8") as file:
                shapes = [finding["shape"] for finding in json.load(file)["findings"]]
            self.assertEqual(shapes[0], "cycle")
            self.assertLessEqual(set(shapes), {"cycle", "orphaned"})


for _name in KNOTS:
    setattr(ProcessesTest, f"test_{_name}", lambda self, name=_name: self.check_fork(name))
for _name in SILENT:
    setattr(ProcessesTest, f"test_{_name}", lambda self, name=_name: self.check_silent(FORK, name))


class RecordingsTest(KnotTest):
    """The same from recordings: later, or while the processes hang."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def report(self):
        return watched.report_of(GORDIAN, sorted(glob.glob(self.folder + "/*.rec")))

    def test_a_report_later_is_the_same(self):
        run = watched.under(GORDIAN, [FORK, "two_orders"], ["--out", self.folder])
        later = self.report()
        self.assertEqual(later.status, 66)
        finding = self.check_knot(later, "cycle", FORK_SOURCE, ["two_orders", "right_then_left"], 2, 2)
        self.assertEqual(finding.whole["id"], run.findings[0].whole["id"])

    def test_a_report_while_one_waits_for_a_dead_one(self):
        process = subprocess.Popen([FORK, "killed_owner"], stdin=subprocess.DEVNULL, start_new_session=True,
                                   env=watched.environment(LD_PRELOAD=LIBRARY, GORDIAN_OPTIONS=f"dir={self.folder}"))
        self.addCleanup(watched.end, process)
        deadline = time.monotonic() + watched.TIMEOUT_S
        while True:  # until the last process waits
            report = self.report() if len(glob.glob(self.folder + "/*.rec")) == 3 else None
            if (report and report.findings) or time.monotonic() > deadline:
                break
        self.check_knot(report, "orphaned", FORK_SOURCE, ["take_left_and_stay", "want_left"], 2, 2)
        watched.end(process)
        later = self.report()
        self.assertEqual((later.status, later.findings), (0, []), later)  # who was gone first cannot be told any more


if __name__ == "__main__":
    check.main()
