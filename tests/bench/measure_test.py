#!/usr/bin/env python3
"""bench/measure.py: what is made of repetitions."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from bench import measure  # noqa: E402
from bench.tools import Tool  # noqa: E402
from tests import check  # noqa: E402

NATIVE, GORDIAN = Tool("native"), Tool("gordian")


def replay(**values):
    """A run that gives these values, one after the other, to each tool; an exception among them is raised."""
    left = {name: list(sequence) for name, sequence in values.items()}

    def run(tool):
        value = left[tool.name].pop(0)
        if isinstance(value, Exception):
            raise value
        return {"time": value}
    return run


class MeasureTest(unittest.TestCase):
    def test_ratios_are_those_of_the_same_repetition(self):
        # The machine is three times as slow in the second repetition: the ratio does not see it.
        made = measure.measure([NATIVE, GORDIAN], 3, replay(native=[10, 30, 10], gordian=[15, 45, 15]), {"time": "ns"})
        self.assertEqual(made, {"time": {"unit": "ns", "tools": {
            "native": {"value": 10, "spread_percent": 200.0, "extra": 0, "ratio": 1, "ratio_spread_percent": 0},
            "gordian": {"value": 15, "spread_percent": 200.0, "extra": 5, "ratio": 1.5, "ratio_spread_percent": 0}}}})

    def test_tools_take_turns(self):
        order = []
        measure.interleave([NATIVE, GORDIAN], 2, lambda tool: order.append(tool.name) or {})
        self.assertEqual(order, ["native", "gordian", "native", "gordian"])

    def test_a_slow_tool_runs_three_times(self):
        order = []
        measure.interleave([NATIVE, Tool("drd", peer=True, slow=True)], 5, lambda tool: order.append(tool.name) or {})
        self.assertEqual((order.count("native"), order.count("drd")), (5, 3))

    def test_a_peer_that_fails_once_is_compared_where_it_did_not(self):
        peer = Tool("dyndd", peer=True)
        made = measure.measure([NATIVE, peer], 2, replay(native=[10, 20], dyndd=[measure.BenchError("crashed"), 60]), {"time": "ns"})
        self.assertEqual(made["time"]["tools"]["dyndd"]["ratio"], 3)

    def test_a_peer_that_always_fails_is_told(self):
        peer = Tool("dyndd", peer=True)
        made = measure.measure([NATIVE, peer], 1, replay(native=[10], dyndd=[measure.BenchError("crashed")]), {"time": "ns"})
        self.assertEqual(made["time"]["tools"]["dyndd"], {"failed": "crashed"})

    def test_gordian_must_not_fail(self):
        with self.assertRaises(measure.BenchError):
            measure.measure([NATIVE, GORDIAN], 1, replay(native=[10], gordian=[measure.BenchError("no")]), {"time": "ns"})

    def test_the_spread_is_the_middle_half(self):
        self.assertEqual(measure.spread_percent([10, 10, 10, 10, 10, 10, 1000]), 0)
        self.assertEqual(measure.spread_percent([8, 10, 12]), 40)
        self.assertEqual(measure.spread_percent([0, 0]), 0)


if __name__ == "__main__":
    check.main()
