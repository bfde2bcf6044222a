#!/usr/bin/env python3
"""A recording with 1,000 findings, 100,000 stacks and 1,000,000 dependencies: reported in seconds, within a gigabyte.

    big_test.py GORDIAN BIG_RECORDING

Time is the processor's, of the command alone, so that other work on the machine does not matter much.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402

GORDIAN, BIG = (os.path.abspath(path) for path in sys.argv[1:3])
del sys.argv[1:3]

SECONDS = 5
KILOBYTES = 1 << 20


def measured(*command):
    """The status, the processor time and the largest resident size of a command."""
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.execv(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss


class BigTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def make(self, name, *sizes):
        path = os.path.join(self.folder.name, name)
        subprocess.run([BIG, path, GORDIAN, *map(str, sizes)], check=True)
        return path

    def check_within(self, seconds, *command):
        status, spent, size = measured(*command)
        self.assertEqual(status, 66)
        self.assertLess(spent, seconds, command)
        self.assertLess(size, KILOBYTES, command)

    def test_the_bar(self):
        recording = self.make("big.rec", 1000, 100000, 1000000)
        text = os.path.join(self.folder.name, "report.txt")
        self.check_within(SECONDS, GORDIAN, "report", "--text", text, recording)
        with open(text, encoding="utf-8") as file:
            self.assertEqual(file.read().count("\n  warning deadlock.potential (cycle), id "), 1000)

    def test_json(self):
        recording = self.make("big.rec", 1000, 100000, 1000000)
        path = os.path.join(self.folder.name, "report.json")
        self.check_within(2 * SECONDS, GORDIAN, "report", "--json", path, recording)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(len(json.load(file)["findings"]), 1000)

    def test_merging_two(self):
        one, other = (self.make(f"{name}.rec", 20, 10000, 200000) for name in ("one", "other"))
        status, spent, size = measured(GORDIAN, "merge", "--text", os.devnull, one, other)
        self.assertEqual(status, 66)
        self.assertLess(spent, 4 * SECONDS)
        self.assertLess(size, KILOBYTES)


if __name__ == "__main__":
    check.main()
