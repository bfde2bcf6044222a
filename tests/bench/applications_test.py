#!/usr/bin/env python3
"""bench/applications.py: a program is measured by itself and preloaded, and must do the same work in both. Tests no time."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from bench import applications, tools  # noqa: E402
from bench.main import Context  # noqa: E402
from bench.measure import BenchError  # noqa: E402
from tests import check  # noqa: E402
from tests.bench.bench_runs import BenchCase  # noqa: E402
from tests.heavy.harness import Program, adopt_orphans  # noqa: E402


class ApplicationsTest(BenchCase):
    def setUp(self):
        super().setUp()
        self.kept = dict(applications.STARTS)
        self.addCleanup(lambda: applications.STARTS.update(self.kept))

    def measure(self, drive):
        """The figures of a program that is driven so."""
        applications.STARTS["light"] = Program("light", drive, ["true"])
        self.addCleanup(lambda: applications.STARTS.pop("light", None))
        context = Context(os.getcwd(), tools.known(os.getcwd()), 1, True)
        return applications.measure_row(applications.Application("light"), context)

    def test_the_figures(self):
        made = self.measure(lambda run: run.execute([os.path.abspath("bench/objects"), "threads", "10"])[:0])
        for name in ("time", "processor", "memory"):
            self.assertEqual(made[name]["tools"].keys(), {"native", "gordian"})
            self.assertGreater(made[name]["tools"]["gordian"]["value"], 0)
        self.assertEqual(made["memory_allowance"]["tools"].keys(), {"gordian"})

    def test_other_work_is_an_error(self):
        runs = []
        with self.assertRaisesRegex(BenchError, "gordian: light has done other work: 2, not 1"):
            self.measure(lambda run: run.execute([os.path.abspath("bench/objects"), "threads", "10"]) and (runs.append(1) or len(runs)))

    def test_a_program_that_fails_is_an_error(self):
        with self.assertRaisesRegex(BenchError, "native: light: false ended with 1, not 0"):
            self.measure(lambda run: run.execute(["false"]))

    def test_memory_that_is_allowed(self):
        def samples(native, ours):
            return {"native": {"memory": [native]}, "gordian": {"memory": [ours]}}
        self.assertEqual(applications.allowance(samples(20, 24)), 0.5)
        self.assertAlmostEqual(applications.allowance(samples(1000, 1030)), 0.5)

    def test_every_application_is_a_heavy_program(self):
        known = {**applications.known_programs(), **applications.STARTS}
        self.assertLessEqual({row.name for row in applications.rows()}, set(known))


if __name__ == "__main__":
    adopt_orphans()
    check.main()
