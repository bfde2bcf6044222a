#!/usr/bin/env python3
"""bench/table.py: the lines of the table, written out."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from bench import bars, table  # noqa: E402
from tests import check  # noqa: E402


class TableTest(unittest.TestCase):
    def test_a_line_for_each_figure(self):
        row = {"title": "mutex, 1 thread, depth 8", "figures": {
            "pair": {"unit": "ns", "tools": {"native": {"value": 17.64, "spread_percent": 3.2},
                                             "gordian": {"value": 24.3, "spread_percent": 9, "ratio": 1.388, "ratio_spread_percent": 2.4},
                                             "drd": {"value": 12345.6, "spread_percent": 9, "ratio": 699.5, "ratio_spread_percent": 5},
                                             "dyndd": {"failed": "crashed"}}},
            "memory": {"unit": "MB", "tools": {"gordian": {"value": 1.5, "spread_percent": 0}}}}}
        self.assertEqual(table.lines(row), [
            "mutex, 1 thread, depth 8                               pair     ns  native 17.6 ±3%  gordian 24.3 = 1.39 x ±2%  "
            "drd 12,346 = 699.50 x ±5%  dyndd failed",
            "                                                     memory     MB  gordian 1.50 ±0%"])

    def test_the_bars(self):
        verdicts = [bars.Verdict("one pair", "reached", 1.42, "x", 1.5, 1.3, 1), bars.Verdict("start", "missed", 12.5, "ms", 3, 1, 1),
                    bars.Verdict("memory", "not measured", None, "B", 64, None, 0)]
        self.assertEqual(table.bars(verdicts).splitlines(), [
            "bar       at most  stretch   figure  ",
            "one pair    1.5 x    1.3 x   1.42 x  reached",
            "start        3 ms     1 ms  12.5 ms  missed",
            "memory       64 B                    not measured"])


if __name__ == "__main__":
    check.main()
