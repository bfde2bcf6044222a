#!/usr/bin/env python3
"""bench/micro.py: a quick run fills its rows, and a tool that is not really there is no figure. Tests no time."""

import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, ".")
from bench import micro  # noqa: E402
from tests import check  # noqa: E402
from tests.bench.bench_runs import BenchCase  # noqa: E402

ONE = ["--quick", "--no-peers", "--repetitions", "1", "--row", "^micro/mutex/threads=1/depth=8$"]


class MicroTest(BenchCase):
    def test_every_row_can_be_measured(self):
        done = self.bench("--group", "micro", "--quick", "--no-peers", "--repetitions", "1", "--row", "^(?!.*locks=1000000)")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        rows = self.rows()
        self.assertEqual(list(rows), [row.id for row in micro.rows() if row.locks < 1_000_000])
        for row in rows.values():
            self.assertEqual(row["figures"]["pair"]["tools"].keys(), {"native", "forwarding", "gordian"})
            for cell in row["figures"]["pair"]["tools"].values():
                self.assertGreater(cell["value"], 0, row)

    def test_peers(self):
        done = self.bench("--quick", "--repetitions", "1", "--row", "^micro/two/threads=1/depth=8$")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        tools = self.rows()["micro/two/threads=1/depth=8"]["figures"]["pair"]["tools"]
        self.assertGreater(tools["tsan"]["ratio"], 0)
        self.assertGreater(tools["drd"]["ratio"], 0)
        self.assertGreater(tools["helgrind"]["ratio"], 0)

    def test_a_library_that_was_not_loaded_is_an_error(self):
        done = self.bench(*ONE, build=self.replaced("bench/libforward.so", "bench/main.py"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("bench: forwarding: pthread_mutex_lock came from ", done.stderr)

    def test_a_library_that_records_nothing_is_not_gordian(self):
        done = self.bench(*ONE, build=self.replaced("interpose/libgordian.so", "bench/libforward.so"))
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "bench: gordian: the library was loaded but has written no recording\n")

    def test_a_program_that_fails_is_an_error(self):
        done = self.bench(*ONE, build=self.replaced("bench/pairs/pairs", "/bin/false"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("bench: native: the measured program ended with 1", done.stderr)

    def test_the_measured_program_refuses_what_it_does_not_know(self):
        for arguments in ([], ["three", "0", "1", "1"], ["mutex", "0", "-1", "1"], ["mutex", "0", "65", "1"], ["mutex", "-1", "1", "1"],
                          ["mutex", "0", "1", "0"], ["two", "0", "1", "1", "--locks", "1"], ["mutex", "0", "1", "1", "--what", "1"],
                          ["mutex", "0", "1", "1", "--turns"], ["condition_ping_pong", "0", "1", "1"], ["semaphore_ping_pong", "0", "0", "1"]):
            done = subprocess.run(["bench/pairs/pairs", *arguments], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertTrue(re.match("usage: pairs ", done.stderr))


if __name__ == "__main__":
    check.main()
