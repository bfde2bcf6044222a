#!/usr/bin/env python3
"""Random programs end as they do by themselves; nothing is said about right ones, and the knot of a buggy one is found.

    torture_test.py GORDIAN LIBRARY PROGRAM [Class.test...]

300 seeds, half of them buggy. `tests/torture/run` takes as many as one likes.
"""

import concurrent.futures
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import watched  # noqa: E402
from tests.torture.seeds import Torture  # noqa: E402

GORDIAN, LIBRARY, PROGRAM = watched.paths(3)
SEEDS = 300
AT_ONCE = 2


class TortureTest(unittest.TestCase):
    def test_random_programs(self):
        torture = Torture(GORDIAN, LIBRARY, PROGRAM)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for seed, wrong in enumerate(pool.map(torture.examine, range(SEEDS))):
                with self.subTest(seed=seed):
                    self.assertIsNone(wrong)

    def test_the_same_seed_is_the_same_program(self):
        for seed in (4, 5):
            shown = [watched.alone([PROGRAM, "print", str(seed)]).stdout for _ in range(2)]
            self.assertEqual(shown[0], shown[1])
            self.assertGreater(len(shown[0].splitlines()), 5)

    def test_a_difference_is_seen(self):
        """Under a library that is none, a knot is not found."""
        wrong = Torture(GORDIAN, "", PROGRAM).examine(1)
        self.assertIsNotNone(wrong)


if __name__ == "__main__":
    check.main()
