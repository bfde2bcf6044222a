#!/usr/bin/env python3
"""Deadlocks between CPython's GIL and mutexes are found, and the GIL is in no prediction.

    gil_test.py LIBRARY EXTENSION PROGRAM [Class.test...]

With other interpreters in PYTHONS (paths separated by colons), those are tested instead of Debian's.
"""

import glob
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import recorded, watched  # noqa: E402

LIBRARY, EXTENSION, PROGRAM = watched.paths(3)

PYTHONS = os.environ.get("PYTHONS", "/usr/bin/python3").split(":")
ACTUAL, MIXED = 2, 6
KIND_MUTEX = 1
HANGS_S = 2  # some hundred turns of the loop in which a thread waits for the GIL


class GilTest(unittest.TestCase):
    def run_case(self, python, case, choices, **options):
        with tempfile.TemporaryDirectory(prefix="gil-test-") as folder:
            result = watched.preloaded(LIBRARY, [python, PROGRAM, EXTENSION, case], folder, "quiet=1:" + choices, **options)
            path, = glob.glob(os.path.join(folder, "*.rec"))
            recording = recorded.Recording(path)
        for holds, wants in recording.dependencies:
            self.assertNotIn(recorded.KIND_GIL, [hold.kind for hold in holds + [wants]])
        return result, recording

    def check_deadlock(self, case):
        for python in PYTHONS:
            with self.subTest(python=python):
                result, recording = self.run_case(python, case, "on_deadlock=stop:exit_code=66")
                self.assertEqual((result.status, result.stdout, result.stderr), (66, "", ""), result)
                self.check_finding(recording)

    def check_finding(self, recording):
        finding, = recording.findings
        self.assertEqual((finding.kind, finding.shape), (ACTUAL, MIXED))
        owner, holder = finding.steps
        self.assertEqual([owner.wants.kind, holder.wants.kind], [recorded.KIND_GIL, KIND_MUTEX])
        self.assertIn(holder.wants.lock, [hold.lock for hold in owner.holds])
        self.assertIn(owner.wants.lock, [hold.lock for hold in holder.holds])
        self.assertEqual(sum(hold.kind == recorded.KIND_GIL for hold in owner.holds + holder.holds), 1)
        self.assertTrue(owner.wants.native and holder.wants.native)

    def test_the_mutex_is_wanted_first(self):
        self.check_deadlock("mutex_is_wanted_first")

    def test_the_gil_is_wanted_first(self):
        self.check_deadlock("gil_is_wanted_first")

    def test_each_deadlock_is_told_once(self):
        for case in ("mutex_is_wanted_first", "gil_is_wanted_first"):
            result, recording = self.run_case(PYTHONS[0], case, "on_deadlock=continue", timeout=HANGS_S)
            self.assertEqual(result.status, "still running", result)
            self.check_finding(recording)

    def check_no_finding(self, case):
        for python in PYTHONS:
            with self.subTest(python=python):
                result, recording = self.run_case(python, case, "on_deadlock=stop:exit_code=66")
                self.assertEqual((result.status, result.stdout, result.stderr), (0, "done\n", ""), result)
                self.assertEqual(recording.findings, [])

    def test_an_owner_that_needs_no_gil(self):
        self.check_no_finding("owner_needs_no_gil")

    def test_orders_with_the_gil_are_no_prediction(self):
        self.check_no_finding("orders")

    def test_a_crowd(self):
        self.check_no_finding("crowd")


if __name__ == "__main__":
    check.main()
