#!/usr/bin/env python3
"""Every shape of shapes.c and shapes_cpp.cc is judged right, however often and by however many threads it is run through.

    shapes_test.py GORDIAN SHAPES SHAPES_CPP SHAPES_C11 SOURCE... [Class.test...]

The sources are those of the programs, whose marks tell the lines that a finding must name.
"""

import os
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import watched  # noqa: E402

GORDIAN, SHAPES, SHAPES_CPP, SHAPES_C11, *SOURCES, C11_SOURCE = watched.paths(8)
NAMES = [os.path.basename(source) for source in SOURCES]

VARIANTS = [(1, 2), (1000, 2), (1000, 8)]  # times and threads


class ShapesTest(unittest.TestCase):
    maxDiff = None

    def check_shape(self, program, name, locks, functions):
        """`locks`: the names of the one finding's; none when there is to be no finding."""
        with ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(lambda variant: watched.under(GORDIAN, [program, name, *map(str, variant)]), VARIANTS))
        for variant, run in zip(VARIANTS, runs):
            with self.subTest(variant):
                found = [(finding.kind, finding.shape, plain(finding.locks)) for finding in run.findings or []]
                expected = [("deadlock.potential", "cycle", locks)] if locks else []
                self.assertEqual(found, expected, run)
                self.assertEqual(run.status, 66 if locks else 0, run)
                self.assertNotEqual(run.report["coverage"]["events"]["mutex"], 0)
                for finding in run.findings:
                    self.assertEqual(finding.lines(*NAMES), marks(functions))
        return runs

    def test_plugins_are_loaded_at_the_same_address(self):
        # Otherwise the shape plugin_reloaded shows nothing.
        self.assertEqual(watched.alone([SHAPES, "plugin_reloaded", "1", "2"]).stdout, "same address\n")
        self.assertEqual(watched.under(GORDIAN, [SHAPES, "plugin_reloaded", "1", "2"]).stdout, "same address\n")

    def test_the_finding_of_a_child_has_its_pid(self):
        run = watched.under(GORDIAN, [SHAPES, "in_forked_child", "1", "2"])
        child = [process["pid"] for process in run.report["processes"] if process["forked"]]
        self.assertEqual([finding.pid for finding in run.findings], child)

    def test_what_is_taken_with_more_than_max_held_is_counted(self):
        run = watched.under(GORDIAN, [SHAPES, "held_300", "1", "2"],
                            env=watched.environment(GORDIAN_OPTIONS="max_held=299"))
        process, = run.report["processes"]
        self.assertEqual((run.findings, process["crowded_dependencies"]), ([], 4), run)

    def test_every_time_is_counted(self):
        finding, = watched.under(GORDIAN, [SHAPES, "heap_shared", "1000", "2"]).findings
        self.assertEqual(finding.count, 1000)

    def test_c11_locks_are_seen(self):
        run = watched.under(GORDIAN, [SHAPES_C11])
        self.assertEqual([(finding.kind, finding.shape, finding.locks) for finding in run.findings],
                         [("deadlock.potential", "cycle", ["left", "right"])], run)
        self.assertEqual(run.status, watched.STATUS_FOUND, run)
        self.assertEqual(run.findings[0].lines("shapes_c11.c"), watched.marked(C11_SOURCE, ["left_right", "right_left"]))
        self.assertNotIn("c11_threads", run.report["coverage"]["unseen"])


def plain(names):
    """A lock of the heap is named by where it was initialised: here, "mutex"."""
    return sorted("mutex" if name.startswith("mutex initialised at shapes.c:") else name for name in names)


def marks(functions):
    return set().union(*(watched.marked(source, functions) for source in SOURCES))


def add_shapes(program):
    listing = subprocess.run([program, "list"], check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in listing.splitlines():
        name, expected = line.split(" ", 1)
        locks, _, functions = expected.partition(" in ")
        locks = [] if locks == "none" else locks.split()
        setattr(ShapesTest, f"test_{name}",
                lambda self, name=name, locks=locks, functions=functions.split():
                self.check_shape(program, name, locks, functions))


add_shapes(SHAPES)
add_shapes(SHAPES_CPP)

if __name__ == "__main__":
    check.main()
