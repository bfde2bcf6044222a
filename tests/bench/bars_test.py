#!/usr/bin/env python3
"""bench/bars.py: each bar is about rows that there are, and is judged as it says."""

import fnmatch
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from bench import bars, main  # noqa: E402
from tests import check  # noqa: E402


def row(identity, ratio, size=None, figure="pair", unit="ns", tool="gordian"):
    return {"id": identity, "size": size,
            "figures": {figure: {"unit": unit, "tools": {tool: {"ratio": ratio, "value": ratio * 10, "extra": ratio * 10 - 10}}}}}


BAR = {"what": "a bar", "rows": "micro/a", "figure": "pair", "of": "ratio", "bar": 1.5, "stretch": 1.3}


class BarsTest(unittest.TestCase):
    def verdict(self, bar, *rows):
        one = bars.judge({**BAR, **bar}, rows)
        return one.verdict, one.figure and round(one.figure, 6), one.unit

    def test_every_bar_is_about_rows_that_there_are(self):
        known = [row.id for module in main.GROUPS.values() for row in module.rows()]
        for bar in bars.load():
            self.assertTrue(fnmatch.filter(known, bar["rows"]), bar)
            self.assertIn(bar.get("relative_to", known[0]), known)
            self.assertLess(bar.get("stretch", 0), bar["bar"])

    def test_rows_have_different_names(self):
        known = [row.id for module in main.GROUPS.values() for row in module.rows()]
        self.assertEqual(len(known), len(set(known)))

    def test_reached_stretch_and_missed(self):
        for ratio, verdict in ((1.3, "stretch"), (1.31, "reached"), (1.5, "reached"), (1.51, "missed")):
            self.assertEqual(self.verdict({}, row("micro/a", ratio)), (verdict, ratio, "x"))

    def test_nothing_measured(self):
        self.assertEqual(self.verdict({}, row("micro/b", 1.0)), ("not measured", None, "x"))

    def test_without_a_stretch(self):
        self.assertEqual(self.verdict({"stretch": None}, row("micro/a", 1.0))[0], "reached")

    def test_the_extra_over_native(self):
        self.assertEqual(self.verdict({"of": "extra", "unit": "ns", "bar": 6, "stretch": 3}, row("micro/a", 1.5)),
                         ("reached", 5, "ns more"))

    def test_relative_to_another_row(self):
        self.assertEqual(self.verdict({"relative_to": "micro/b", "bar": 1.1}, row("micro/a", 3.3), row("micro/b", 3.0))[:2],
                         ("stretch", 1.1))

    def test_many_rows(self):
        rows = row("micro/a1", 1.0), row("micro/a2", 4.0)
        self.assertEqual(self.verdict({"rows": "micro/a*", "combine": "geometric mean"}, *rows)[:2], ("missed", 2))
        self.assertEqual(self.verdict({"rows": "micro/a*", "combine": "worst"}, *rows)[:2], ("missed", 4))

    def test_growth(self):
        growth = {"rows": "micro/a*", "combine": "exponent", "bar": 0.25, "stretch": None}
        self.assertEqual(self.verdict(growth, *(row(f"micro/a{n}", 2, n) for n in (1, 10, 100))), ("reached", 0, ""))
        self.assertEqual(self.verdict(growth, *(row(f"micro/a{n}", n ** 0.5, n) for n in (1, 10, 100)))[:2], ("missed", 0.5))
        self.assertEqual(self.verdict(growth, row("micro/a1", 1, 1))[0], "not measured")

    def test_the_figures_of_the_detector_count_as_ours(self):
        self.assertEqual(self.verdict({"of": "value", "bar": 20, "stretch": None}, row("micro/a", 2, tool="detector"))[:2],
                         ("reached", 20))
        self.assertEqual(self.verdict({}, row("micro/a", 2, tool="tsan"))[0], "not measured")


if __name__ == "__main__":
    check.main()
