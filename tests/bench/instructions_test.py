#!/usr/bin/env python3
"""The fast path takes no more instructions than bench/instructions.json says: the same on every machine, however busy.

When a change makes it longer on purpose, or shorter, `bench/run --renew-instructions` writes that file anew.
"""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from bench import instructions, tools  # noqa: E402
from tests import check  # noqa: E402

CHECKED = ("mutex", "two", "eight", "recursive_twice", "read", "write", "spin", "semaphore")


class InstructionsTest(unittest.TestCase):
    def test_every_row_has_a_bound(self):
        self.assertEqual(list(instructions.bounds()), [row.id for row in instructions.rows()])

    def test_the_fast_path_is_within_its_bounds(self):
        gordian = tools.known(os.getcwd())["gordian"]
        bounds = instructions.bounds()
        for row in instructions.rows():
            if row.shape in CHECKED and row.depth == 8:
                with self.subTest(row.id):
                    taken = instructions.per_pair(gordian, row, os.getcwd())
                    self.assertLessEqual(taken, bounds[row.id] * instructions.ROOM)
                    # What became much shorter gets a new bound, or the gain could be lost again unseen.
                    self.assertGreaterEqual(taken, bounds[row.id] * 0.8, "bench/run --renew-instructions")

    def test_counting_tells_more_from_less(self):
        native = tools.known(os.getcwd())["native"]
        rows = {row.id: row for row in instructions.rows()}
        shallow = instructions.per_pair(native, rows["instructions/mutex/threads=1/depth=0"], os.getcwd())
        deep = instructions.per_pair(native, rows["instructions/mutex/threads=1/depth=40"], os.getcwd())
        self.assertGreater(shallow, 20)
        self.assertGreater(deep, shallow + 40 * 5)


if __name__ == "__main__":
    check.main()
