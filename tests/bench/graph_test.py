#!/usr/bin/env python3
"""bench/graph.py: every quick row is measured; large components stay bounded. Tests no time."""

import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, ".")
from bench import graph  # noqa: E402
from tests import check  # noqa: E402
from tests.bench.bench_runs import BenchCase  # noqa: E402


def figures(*arguments):
    done = subprocess.run(["bench/graph", *map(str, arguments)], capture_output=True, text=True, timeout=250, check=True)
    return graph.printed(done.stdout)


class GraphTest(BenchCase):
    def test_every_quick_row_is_measured(self):
        done = self.bench("--group", "graph", "--quick", "--repetitions", "1")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        rows = self.rows()
        self.assertEqual(list(rows), [row.id for row in graph.rows() if row.quick])
        for identity, row in rows.items():
            tools = row["figures"]["recorded" if "recording" in identity else "dependency"]["tools"]
            self.assertGreater(tools["gordian" if "recording" in identity else "detector"]["value"], 0, identity)

    def test_locks_in_one_order_close_no_cycle(self):
        for order in ("ordered", "random", "adversarial"):
            made = figures(order, 1000, 5000 if order != "adversarial" else 900)
            self.assertEqual((made["cycles"], made["unreported"], made["cut"]), (0, 0, 0), order)

    def test_a_component_of_10000_locks_stays_bounded(self):
        made = figures("component", 10_000, 60_000)
        self.assertGreater(made["added"], 59_000)
        self.assertGreater(made["cycles"], 0)
        self.assertLessEqual(made["cycles"], 1024)
        # What was not searched to its end is counted: the report tells it.
        self.assertGreater(made["cut"], 0)

    def test_a_ring_of_10000_locks_and_8_threads_is_no_cycle(self):
        self.assertEqual(figures("ring", 10_000, 10_000)["cycles"], 0)

    def test_what_it_does_not_know(self):
        for arguments in ((), ("ordered", "10"), ("upwards", "10", "1000"), ("ordered", "2", "1000"), ("ordered", "10", "5")):
            done = subprocess.run(["bench/graph", *arguments], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertTrue(done.stderr.startswith("usage: graph "))


if __name__ == "__main__":
    check.main()
