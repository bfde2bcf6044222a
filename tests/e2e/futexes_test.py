#!/usr/bin/env python3
"""A module that makes futex calls of its own is named as not seen, once, and its calls do what they do without gordian.

    futexes_test.py GORDIAN FUTEXES [Class.test...]
"""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import watched  # noqa: E402

GORDIAN, FUTEXES = watched.paths(2)


class FutexesTest(unittest.TestCase):
    def test_the_module_is_named(self):
        run = watched.under(GORDIAN, [FUTEXES])
        self.assertEqual((run.status, run.stdout), (0, "-1 1 1\n"), run)
        self.assertEqual(run.report["coverage"]["unseen"], ["futex (futexes)"])

    def test_the_calls_are_the_same_alone(self):
        self.assertEqual(watched.alone([FUTEXES]).stdout, "-1 1 1\n")


if __name__ == "__main__":
    check.main()
