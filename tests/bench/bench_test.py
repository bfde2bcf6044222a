#!/usr/bin/env python3
"""bench/bench.py: a quick run fills the table, and a tool that is not really there is no figure. Tests no time."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402

TOOLS = ["native", "forwarding", "gordian", "tsan"]
FILES = dict(zip(("pairs", "forward", "gordian", "tsan"), sys.argv[1:5]))


def bench(*arguments, **replaced):
    """Run the bench; `replaced` names files to use in place of the built ones."""
    files = [f"--{name}-file={path}" for name, path in {**FILES, **replaced}.items()]
    return subprocess.run([sys.executable, "bench/bench.py", *files, *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)


class BenchTest(unittest.TestCase):
    def test_a_quick_run_fills_every_row_of_the_table(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "bench.json")
            done = bench("--quick", "--json", path)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            with open(path, encoding="utf-8") as file:
                document = json.load(file)
        wanted = [(shape, threads, depth) for shape in ("one", "two", "four") for threads in (1, 2) for depth in (0, 8, 20)]
        wanted += [("contended", 2, depth) for depth in (0, 8, 20)]
        wanted += [(shape, threads, depth) for shape in ("recursive", "read", "write", "spin", "semaphore")
                   for threads in (1, 2) for depth in (0, 8)]
        rows = document["rows"]
        self.assertEqual([(row["shape"], row["threads"], row["depth"]) for row in rows], wanted)
        for row in rows:
            self.assertEqual(list(row["tools"]), TOOLS)
            self.assertEqual(row["tools"]["native"]["ratio"], 1)
            for cell in row["tools"].values():
                self.assertGreater(cell["ns"], 0)
        table = done.stdout.splitlines()
        self.assertEqual(table[2].split(), TOOLS)
        self.assertEqual(len(table), 4 + len(rows))
        for text, row in zip(table[4:], rows):
            self.assertTrue(text.endswith(f"{row['tools']['tsan']['spread_percent']:6.0f}"), text)

    def test_only_the_rows_asked_for(self):
        done = bench("--quick", "--shape", "contended")
        self.assertEqual([text.split()[:3] for text in done.stdout.splitlines()[4:]], [["one", "lock,", "contended"]] * 3)

    def test_a_library_that_was_not_loaded_is_an_error(self):
        done = bench("--quick", forward="/no/such/libforward.so")
        self.assertEqual(done.returncode, 1)
        self.assertIn("bench: forwarding: pthread_mutex_lock came from ", done.stderr)

    def test_a_library_that_records_nothing_is_not_gordian(self):
        done = bench("--quick", gordian=FILES["forward"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("bench: gordian: the library was loaded but has written no recording", done.stderr)

    def test_a_program_that_fails_is_an_error(self):
        done = bench("--quick", pairs="/bin/false")
        self.assertEqual(done.returncode, 1)
        self.assertIn("bench: native: the measured program ended with 1", done.stderr)

    def test_the_measured_program_refuses_what_it_does_not_know(self):
        for arguments in ([], ["three", "0", "1", "1"], ["one", "0", "0", "1"], ["one", "0", "65", "1"], ["one", "-1", "1", "1"],
                          ["one", "0", "1", "0"]):
            done = subprocess.run([FILES["pairs"], *arguments], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertTrue(done.stderr.startswith("usage: pairs "))


if __name__ == "__main__":
    sys.argv[1:5] = []
    check.main()
