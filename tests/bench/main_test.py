#!/usr/bin/env python3
"""bench/main.py: rows are chosen, kept, replaced, left out when they are there already."""

import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, ".")
from tests import check  # noqa: E402
from tests.bench.bench_runs import BenchCase  # noqa: E402

QUICK = ["--quick", "--no-peers", "--repetitions", "1"]
SHORT = "^micro/mutex/threads=1/depth=(0|8)$"


class MainTest(BenchCase):
    def test_the_list(self):
        done = self.bench("--list", "--group", "micro", "--row", "contended")
        self.assertEqual([line.split()[0] for line in done.stdout.splitlines()],
                         ["micro/contended/threads=2/depth=8", "micro/contended/threads=4/depth=8", "micro/contended/threads=16/depth=8",
                          "micro/contended/threads=2/depth=0", "micro/contended_read/threads=2/depth=8"])
        self.assertFalse(os.path.exists(self.results))

    def test_rows_are_kept_replaced_and_in_order(self):
        self.assertEqual(self.bench(*QUICK, "--row", "^micro/mutex/threads=1/depth=8$").returncode, 0)
        self.assertEqual(self.bench(*QUICK, "--row", "^micro/mutex/threads=1/depth=0$").returncode, 0)
        self.assertEqual(self.bench(*QUICK, "--row", "^micro/mutex/threads=1/depth=8$").returncode, 0)
        self.assertEqual(list(self.rows()), ["micro/mutex/threads=1/depth=0", "micro/mutex/threads=1/depth=8"])

    def test_a_run_goes_on_where_it_was(self):
        first = self.bench(*QUICK, "--row", "^micro/mutex/threads=1/depth=8$")
        self.assertRegex(first.stdout, "(?m)^mutex, 1 thread, depth 8 ")
        second = self.bench(*QUICK, "--resume", "--row", SHORT)
        self.assertNotRegex(second.stdout, "(?m)^mutex, 1 thread, depth 8 ")
        self.assertRegex(second.stdout, "(?m)^mutex, 1 thread, depth 0 ")
        more = self.bench("--quick", "--no-peers", "--repetitions", "2", "--resume", "--row", SHORT)
        self.assertRegex(more.stdout, "(?m)^mutex, 1 thread, depth 8 ")

    def test_results_of_another_build_are_put_aside(self):
        self.assertEqual(self.bench(*QUICK, "--row", "^micro/mutex/threads=1/depth=8$").returncode, 0)
        path = os.path.join(self.results, "results.json")
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        document["build"] = "another"
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file)
        self.assertEqual(self.bench(*QUICK, "--row", "^micro/mutex/threads=1/depth=0$").returncode, 0)
        self.assertEqual(list(self.rows()), ["micro/mutex/threads=1/depth=0"])
        self.assertIn("results-another.json", os.listdir(self.results))

    def test_the_bars_are_printed(self):
        done = self.bench(*QUICK, "--row", SHORT)
        self.assertRegex(done.stdout, r"(?m)^one pair, depth 8 +1\.5 x +1\.3 x +[\d.]+ x  (stretch|reached|missed)$")
        self.assertRegex(done.stdout, r"(?m)^one pair, depth 20 +1\.5 x +1\.3 x +not measured$")
        again = self.bench("--report")
        self.assertEqual(re.findall("(?m)^one pair, depth 8 .*", again.stdout), re.findall("(?m)^one pair, depth 8 .*", done.stdout))

    def test_a_build_that_is_not_there(self):
        done = self.bench(*QUICK, build=self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^bench: .*libgordian\.so")

    def test_a_pattern_that_is_none(self):
        done = self.bench("--row", "(")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--row: ", done.stderr)


if __name__ == "__main__":
    check.main()
