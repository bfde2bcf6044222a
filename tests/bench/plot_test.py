#!/usr/bin/env python3
"""bench/plot.py: what is drawn, and with what script."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from bench import plot  # noqa: E402
from tests import check  # noqa: E402


def row(identity, size, figure="pair", title="a row", **tools):
    return {"id": identity, "title": title, "size": size,
            "figures": {figure: {"unit": "ns", "tools": {tool: {"value": value, "ratio": value / 10} for tool, value in tools.items()}}}}


class PlotTest(unittest.TestCase):
    def test_lines(self):
        rows = [row(f"micro/random/threads=1/depth=8/locks={n}", n, native=10, gordian=10 + n) for n in (1000, 1)]
        made = plot.scripts(rows, "out")
        self.assertEqual(list(made), ["out/locks.svg"])
        self.assertEqual(made["out/locks.svg"], """set terminal svg size 760,440 dynamic enhanced font "sans-serif,13" background "#ffffff"
set output "out/locks.svg"
set title "One pair at depth 8, by locks that are taken at random"
set grid
set xlabel "locks"
set ylabel "ns per pair"
set logscale xy
$line0 << EOD
1 10
1000 10
EOD
$line1 << EOD
1 11
1000 1010
EOD
plot $line0 with linespoints linewidth 2 title "native", $line1 with linespoints linewidth 2 title "gordian"
""")

    def test_depth_is_read_from_the_id(self):
        rows = [row(f"micro/mutex/threads=1/depth={n}", 1, native=10 + n) for n in (0, 8)]
        self.assertIn("$line0 << EOD\n0 10\n8 18\nEOD\n", plot.scripts(rows, "out")["out/depth.svg"])

    def test_bars(self):
        made = plot.scripts([row("applications/redis", None, "time", "redis", gordian=15)], "out")
        self.assertIn('$bars << EOD\n0 1.5 "redis"\nEOD\n', made["out/applications.svg"])

    def test_one_point_is_no_line(self):
        self.assertEqual(plot.scripts([row("micro/random/threads=1/depth=8/locks=1", 1, native=10)], "out"), {})


if __name__ == "__main__":
    check.main()
