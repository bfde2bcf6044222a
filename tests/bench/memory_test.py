#!/usr/bin/env python3
"""bench/memory.py is measured, and what comes and goes in great numbers leaves memory bounded. Tests no time."""

import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, ".")
from bench import memory  # noqa: E402
from bench.graph import printed  # noqa: E402
from tests import check  # noqa: E402
from tests.bench.bench_runs import BenchCase  # noqa: E402

MIB = 2 ** 20


class MemoryTest(BenchCase):
    def preloaded(self, kind, count):
        """Run bench/objects with the library. Returns its figures, and what the recordings take on the disk."""
        environment = {**os.environ, "LD_PRELOAD": os.path.abspath("interpose/libgordian.so"), "GORDIAN_OPTIONS": f"dir={self.folder}:quiet=1"}
        done = subprocess.run(["bench/objects", kind, str(count)], env=environment, capture_output=True, text=True, timeout=800, check=True)
        recordings = [os.stat(os.path.join(self.folder, name)) for name in os.listdir(self.folder) if name.endswith(".rec")]
        self.assertEqual(len(recordings), 1)
        return printed(done.stdout), 512 * recordings[0].st_blocks

    def test_the_rows_are_measured(self):
        done = self.bench("--quick", "--repetitions", "1", "--row", "^memory/(start|stacks)$")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        rows = self.rows()
        self.assertGreater(rows["memory/start"]["figures"]["time"]["tools"]["gordian"]["value"], 0)
        stacks = rows["memory/stacks"]["figures"]
        self.assertGreater(stacks["stack"]["tools"]["gordian"]["value"], 8 * 20)
        self.assertEqual(stacks["bytes"]["tools"]["native"].get("ratio"), None)

    def test_short_lived_locks_leave_nothing(self):
        made, recorded = self.preloaded("short_alone", 1_000_000)
        self.assertEqual(made["count"], 1_000_000)
        self.assertLess(made["resident"], 16 * MIB)
        self.assertLess(recorded, 4 * MIB)

    def test_10000_threads(self):
        made, recorded = self.preloaded("threads", 10_000)
        self.assertEqual(made["count"], 10_000)
        self.assertLess(made["resident"], 32 * MIB)
        self.assertLess(recorded, 16 * MIB)

    def test_100000_stacks_of_one_thread(self):
        made, recorded = self.preloaded("walks", 100_000)
        self.assertEqual(made["count"], 100_000)
        self.assertLess(made["resident"], 64 * MIB)
        self.assertLess(recorded, 32 * MIB)

    def test_a_component_of_10000_locks_is_reported_with_its_bounds(self):
        out, text = os.path.join(self.folder, "report.json"), os.path.join(self.folder, "report.txt")
        done = subprocess.run(["cli/gordian", "run", "--json", out, "--text", text, "--", "bench/objects", "tangle", "10000"],
                              capture_output=True, text=True, timeout=800, check=False)
        self.assertEqual(done.returncode, 66, done.stderr[-2000:])
        with open(out, encoding="utf-8") as file:
            report = json.load(file)
        process = report["processes"][0]
        self.assertGreater(process["cut_searches"], 0)
        self.assertLessEqual(len(report["findings"]), 1024)
        with open(text, encoding="utf-8") as file:
            self.assertRegex(file.read(), r"max_steps")

    def test_what_it_does_not_know(self):
        for arguments in ((), ("locks",), ("locks", "1"), ("things", "10")):
            done = subprocess.run(["bench/objects", *arguments], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertTrue(done.stderr.startswith("usage: objects "))

    def test_what_is_measured_is_what_there_is(self):
        self.assertEqual({row.kind for row in memory.rows()},
                         {"start", "locks", "dependencies", "stacks", "walks", "short_alone", "short_lived", "threads", "tangle"})


if __name__ == "__main__":
    check.main()
