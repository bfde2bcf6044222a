#!/usr/bin/env python3
"""Python frames from an interpreter that is loaded late: by its API alone, or from memory where that can be trusted.

    interpreter_test.py LIBRARY EMBEDDING NEW OLD [Class.test...]

NEW and OLD are programs/interpreter.c as a version whose frames in memory are not known, and as 3.11.
"""

import glob
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import recorded, watched  # noqa: E402

LIBRARY, EMBEDDING, NEW, OLD = watched.paths(4)

KEPT_FRAMES = 256
LAYOUT = "layout"
WRONG = ("zeros", "nonsense", "itself", "unreadable", "other_instructions")

MAIN = [("main", "main.py", 10)]
INNER = [("inner", "main.py", 21), ("main", "main.py", 11)]

# What is held and what is wanted in each scene; None: no frames are to be known.
SCENES = [
    ("plain", MAIN, INNER),
    ("known", MAIN, INNER),
    ("reused", MAIN, [("another", "main.py", 21), INNER[1]]),
    ("letters", [("\\udc80", "é\U0001d6fc.py", 10)], [("数量", "é\U0001d6fc.py", 21), ("\\udc80", "é\U0001d6fc.py", 11)]),
    ("long_names", [("short", "f" * 4088, 10)], [("n" * 1016, "f" * 4088, 21), ("short", "f" * 4088, 11)]),
    ("long_stack", [("deep", "deep.py", 1)], [("deep", "deep.py", line + 1) for line in range(KEPT_FRAMES)]),
    ("long_in_bytes", [("deep", "f" * 4000, 1)], [("deep", "f" * 4000, line + 1) for line in range(65)]),
    ("with_an_error", MAIN, INNER),
    ("without_collections", MAIN, INNER),
    ("before_initialisation", None, None),
    ("while_finalising", None, None),
    ("in_another_interpreter", None, None),
    ("without_the_gil", None, None),
    ("without_frames", None, None),
]
CUT = ("long_stack", "long_in_bytes")


class InterpreterTest(unittest.TestCase):
    def run_embedding(self, *arguments):
        with tempfile.TemporaryDirectory(prefix="interpreter-test-") as folder:
            result = watched.preloaded(LIBRARY, [EMBEDDING, *arguments], folder, "quiet=1")
            self.assertEqual((result.status, result.stderr), (0, ""), result)
            path, = glob.glob(os.path.join(folder, "*.rec"))
            return result.stdout, recorded.Recording(path).findings

    def check_findings(self, findings):
        self.assertEqual(len(findings), len(SCENES))
        for (name, held, wanted), finding in zip(SCENES, findings):
            with self.subTest(scene=name):
                self.assertEqual(len(finding.steps), 2)
                for step in finding.steps:
                    hold, = step.holds
                    self.assertEqual((hold.frames, hold.cut), (held, False))
                    self.assertEqual((step.wants.frames, step.wants.cut), (wanted, name in CUT))

    def test_by_the_api_alone(self):
        printed, findings = self.run_embedding(NEW, LAYOUT)
        self.assertEqual(printed, "asked 1\ndone\n")
        self.check_findings(findings)

    def test_from_memory(self):
        printed, findings = self.run_embedding(OLD, LAYOUT)
        self.assertEqual(printed, "asked 0\ndone\n")
        self.check_findings(findings)

    def test_memory_that_is_not_as_known_is_not_trusted(self):
        for memory in WRONG:
            with self.subTest(memory=memory):
                printed, findings = self.run_embedding(OLD, memory)
                self.assertEqual(printed, "asked 1\ndone\n")
                self.check_findings(findings)

    def test_one_after_the_other(self):
        printed, findings = self.run_embedding(OLD, LAYOUT, NEW, LAYOUT, OLD, "nonsense", OLD, LAYOUT)
        self.assertEqual(printed, "asked 0\nasked 1\nasked 1\nasked 0\ndone\n")
        for first in range(0, len(findings), len(SCENES)):
            self.check_findings(findings[first:first + len(SCENES)])
        self.assertEqual(len(findings), 4 * len(SCENES))


if __name__ == "__main__":
    check.main()
