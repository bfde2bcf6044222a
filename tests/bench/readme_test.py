#!/usr/bin/env python3
"""bench/readme.py: the figures go between the marks, and nothing else changes."""

import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from bench import readme  # noqa: E402
from bench.measure import BenchError  # noqa: E402
from tests import check  # noqa: E402

DOCUMENT = {"machine": {"processors": 2, "cpu": "a processor", "kernel": "6.1"}, "rows": [
    {"id": "micro/mutex/threads=1/depth=8", "title": "mutex, 1 thread, depth 8", "group": "micro", "size": 1, "repetitions": 7, "figures": {"pair": {
        "unit": "ns", "tools": {"native": {"value": 17.6, "spread_percent": 3},
                                "gordian": {"value": 24.3, "spread_percent": 9, "ratio": 1.388, "ratio_spread_percent": 4, "extra": 6.7},
                                "drd": {"value": 9999, "spread_percent": 9, "ratio": 568.4, "ratio_spread_percent": 4},
                                "dyndd": {"failed": "crashed"}}}}},
    {"id": "micro/once/threads=1/depth=8", "title": "not shown", "group": "micro", "size": 1, "repetitions": 9, "figures": {"pair": {"unit": "ns", "tools": {}}}},
    {"id": "applications/redis", "title": "redis", "group": "applications", "size": None, "repetitions": 7, "figures": {
        "time": {"unit": "s", "tools": {"native": {"value": 2.0}, "gordian": {"value": 2.02, "ratio": 1.01}}},
        "processor": {"unit": "s", "tools": {"native": {"value": 2.0}, "gordian": {"value": 2.1, "ratio": 1.05}}},
        "memory": {"unit": "MB", "tools": {"native": {"value": 20.0}, "gordian": {"value": 25.0, "ratio": 1.25, "extra": 5.0}}}}}]}


class ReadmeTest(unittest.TestCase):
    def write(self, text, document=None):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "README.md")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            readme.write(path, document or DOCUMENT)
            with open(path, encoding="utf-8") as file:
                return file.read()

    def test_what_is_written(self):
        text = self.write(f"before\n{readme.BEGIN}old\n{readme.END}after\n")
        self.assertTrue(text.startswith(f"before\n{readme.BEGIN}With the exact stacks on"))
        self.assertTrue(text.endswith(f"{readme.END}after\n"))
        self.assertNotIn("old", text)
        self.assertIn("on 2 processors (a processor, Linux 6.1): medians of at least 7 interleaved repetitions; the middle half of the "
                      "ratios lay within 4 % of them.", text)
        self.assertIn("""
| one pair | native ns | gordian ns | gordian | DRD | dyndd |
| --- | --- | --- | --- | --- | --- |
| mutex, 1 thread, depth 8 | 17.6 | 24.3 | **1.39 x** | 568 x | failed |

| application | native | time | processor time | peak memory |
| --- | --- | --- | --- | --- |
| redis | 2.00 s | 1.01 x | 1.05 x | 20 + 5 MB |
""", text)
        self.assertIn("| one pair, depth 8 | 1.5 x | 1.3 x | 1.39 x | reached |\n", text)
        self.assertIn("| one pair, depth 20 | 1.5 x | 1.3 x |  | not measured |\n", text)

    def test_writing_twice_is_writing_once(self):
        once = self.write(readme.BEGIN + readme.END)
        self.assertEqual(self.write(once), once)

    def test_a_file_without_marks_stays_as_it_is(self):
        with self.assertRaises(BenchError):
            self.write("nothing here\n")

    def test_nothing_measured(self):
        with self.assertRaises(BenchError):
            self.write(readme.BEGIN + readme.END, {**DOCUMENT, "rows": []})

    def test_the_project_s_own_has_the_marks(self):
        with open("README.md", encoding="utf-8") as file:
            text = file.read()
        self.assertEqual((text.count(readme.BEGIN), text.count(readme.END)), (1, 1))


if __name__ == "__main__":
    check.main()
