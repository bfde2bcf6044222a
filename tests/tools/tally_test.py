#!/usr/bin/env python3
"""tools/tally.py: every case counts, and nothing that went wrong can be missed."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402


class TallyTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.events = []

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def target(self, label, size="SMALL"):
        self.events.append({"id": {"targetConfigured": {"label": label}}, "configured": {"testSize": size} if size else {}})

    def ran(self, label, status, log, name="a log.txt"):
        self.target(label)
        path = self.write(name, log)
        output = [{"name": "test.xml", "uri": "file:///nowhere"}, {"name": "test.log", "uri": "file://" + path.replace(" ", "%20")}]
        self.events.append({"id": {"testResult": {"label": label}},
                            "testResult": {"status": status, "cachedLocally": True, "testActionOutput": output}})

    def tally(self, result="SUCCESS", logs=()):
        """Returns (status, the lines printed)."""
        events = list(self.events)
        if result:
            events.append({"id": {"buildFinished": {}}, "finished": {"exitCode": {"name": result}}})
        path = self.write("events.json", "".join(json.dumps(event) + "\n" for event in events))
        done = subprocess.run([sys.executable, "tools/tally.py", path, *logs], stdout=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stdout.splitlines()

    def test_adds_up_the_cases_of_all_tests_and_logs(self):
        self.ran("//a:a_test", "PASSED", "ok x\n3 passed, 0 failed\n", "one")
        self.ran("//b:b_test", "PASSED", "4 passed, 0 failed\n", "two")
        self.target("//a:library", size=None)
        style = self.write("style", "ok format\n2 passed, 0 failed\n")
        self.assertEqual(self.tally(logs=[style]), (0, ["9 passed, 0 failed"]))

    def test_takes_the_last_closing_line_of_a_log(self):
        self.ran("//a:a_test", "PASSED", "0 passed, 7 failed\nthat was a program under test\n1 passed, 0 failed\n")
        self.assertEqual(self.tally(), (0, ["1 passed, 0 failed"]))

    def test_names_a_test_with_failed_cases(self):
        self.ran("//a:a_test", "FAILED", "3 passed, 2 failed\n")
        self.assertEqual(self.tally("TESTS_FAILED"), (1, ["//a:a_test: 2 failed", "3 passed, 2 failed"]))

    def test_a_test_that_crashes_is_one_failed_case(self):
        self.ran("//a:a_test", "FAILED", "ok x\nSegmentation fault\n")
        self.assertEqual(self.tally("TESTS_FAILED"), (1, ["//a:a_test: failed without a failed case", "0 passed, 1 failed"]))

    def test_a_test_that_crashes_after_its_last_case_fails(self):
        self.ran("//a:a_test", "FAILED", "5 passed, 0 failed\nSegmentation fault\n")
        self.assertEqual(self.tally("TESTS_FAILED"), (1, ["//a:a_test: failed without a failed case", "5 passed, 1 failed"]))

    def test_a_test_that_is_out_of_time_is_one_failed_case(self):
        self.ran("//a:a_test", "TIMEOUT", "")
        self.assertEqual(self.tally("TESTS_FAILED"), (1, ["//a:a_test: timeout without a failed case", "0 passed, 1 failed"]))

    def test_a_test_that_passes_without_a_case_fails(self):
        self.ran("//a:a_test", "PASSED", "all is well\n", "one")
        self.ran("//b:b_test", "PASSED", "0 passed, 0 failed\n", "two")
        wrong = ["//a:a_test: passes without a case", "//b:b_test: passes without a case", "0 passed, 2 failed"]
        self.assertEqual(self.tally(), (1, wrong))

    def test_a_status_that_hides_failed_cases_does_not(self):
        self.ran("//a:a_test", "PASSED", "1 passed, 1 failed\n")
        self.assertEqual(self.tally(), (1, ["//a:a_test: counts failed cases, but passes", "1 passed, 1 failed"]))

    def test_a_test_that_was_not_built_is_one_failed_case(self):
        self.ran("//a:a_test", "PASSED", "1 passed, 0 failed\n")
        self.target("//b:b_test")
        wrong = ["//b:b_test: not run without a failed case", "bazel: build failure", "1 passed, 2 failed"]
        self.assertEqual(self.tally("BUILD_FAILURE"), (1, wrong))

    def test_an_unfinished_run_of_bazel_fails(self):
        self.ran("//a:a_test", "PASSED", "1 passed, 0 failed\n")
        self.assertEqual(self.tally(None), (1, ["bazel: not finished", "1 passed, 1 failed"]))

    def test_a_log_without_a_closing_line_fails(self):
        style = self.write("style", "clang-format: not found\n")
        self.assertEqual(self.tally(logs=[style]), (1, [f"{style}: no closing line", "0 passed, 1 failed"]))

    def test_nothing_at_all_is_no_success(self):
        self.assertEqual(self.tally(), (1, ["0 passed, 0 failed"]))


if __name__ == "__main__":
    check.main()
