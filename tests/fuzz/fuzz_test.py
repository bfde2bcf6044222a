#!/usr/bin/env python3
"""Nothing that is read from outside does harm, whatever is in it: the regression inputs, and some seconds of new ones.

    fuzz_test.py FUZZER... [Class.test...]

CI takes SECONDS for each target: a minute each would be a quarter of its time, and finds little that the corpus does not
hold. `tests/fuzz/run SECONDS` takes longer.
"""

import os
import random
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from cases.suite import case  # noqa: E402
from tests import check  # noqa: E402

FUZZERS = [os.path.abspath(path) for path in sys.argv[1:] if path.endswith("_fuzzer")]
sys.argv[1:] = [word for word in sys.argv[1:] if not word.endswith("_fuzzer")]
SECONDS = int(os.environ.get("FUZZ_SECONDS", "10"))
CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")


class FuzzTest(unittest.TestCase):
    def fuzz(self, fuzzer):
        name = os.path.basename(fuzzer)[:-len("_fuzzer")]
        kept = os.environ.get("FUZZ_KEEP")  # where what fails is left
        with tempfile.TemporaryDirectory() as folder:
            run = subprocess.run(
                [fuzzer, f"-max_total_time={SECONDS}", "-timeout=20", "-rss_limit_mb=2048", "-max_len=65536", "-seed=1",
                 "-print_final_stats=1", f"-artifact_prefix={kept or folder}/", folder, os.path.join(CORPUS, name)],
                check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1"})
        executions = re.search(r"stat::number_of_executed_units: (\d+)", run.stdout)
        self.assertEqual(run.returncode, 0, run.stdout[-4000:])
        self.assertIsNotNone(executions, run.stdout[-4000:])
        print(f"{name}: {executions[1]} executions in {SECONDS} s")
        self.assertGreater(int(executions[1]), len(os.listdir(os.path.join(CORPUS, name))))

    def test_expect(self):
        """The parser of EXPECT lines is Python: whatever it reads, it says CaseError or gives a case."""
        pieces = ["/* EXPECT gordian: ", "none", "deadlock.potential a b", "deadlock.actual shape=cycle a", "shape=", " wrongly",
                  "\n * EXPECT tsan: ", "data-race", "misses", "EXPECT exit: ", "never", "7", "256", "/* REPORTED */",
                  "/* REPORTED BY x */", "#ifdef PLUGIN\n", "*/", "\n", "\x00", "\udcff", "EXPECT", ":", "EXPECT options: --x"]
        moments, outcomes = random.Random(1), set()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a_buggy.c")
            for _ in range(300 * SECONDS):
                text = "".join(moments.choice(pieces) for _ in range(moments.randrange(1, 20)))
                with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
                    file.write(text)
                try:
                    case.Case(path)
                    outcomes.add("a case")
                except case.CaseError as error:
                    self.assertRegex(str(error), r"a_buggy\.c:\d+: ")
                    outcomes.add("refused")
        self.assertEqual(outcomes, {"a case", "refused"})

    def test_there_are_fuzzers(self):
        self.assertGreaterEqual(len(FUZZERS), 3)


for _fuzzer in FUZZERS:
    setattr(FuzzTest, f"test_{os.path.basename(_fuzzer)[:-len('_fuzzer')]}", lambda self, fuzzer=_fuzzer: self.fuzz(fuzzer))


if __name__ == "__main__":
    check.main()
