#!/usr/bin/env python3
"""gordian merge and gordian report --classes over recordings of real programs.

    merge_test.py GORDIAN LIBRARY MERGING OTHER_BUILD REPLAY SHAPES SCHEMA [Class.test...]
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import watched  # noqa: E402

GORDIAN, LIBRARY, MERGING, OTHER_BUILD, REPLAY, SHAPES, SCHEMA = watched.paths(7)

FOLDER = tempfile.mkdtemp()
UNCERTAIN = "; a note, because "


def recordings(mode, program=MERGING):
    """The folder with the recordings of one run in this mode."""
    folder = os.path.join(FOLDER, os.path.basename(os.path.dirname(program)) + "_" + mode)
    if not os.path.exists(folder):
        result = watched.execute([GORDIAN, "run", "--out", folder, "--", program, mode])
        if result.status != 0:
            raise AssertionError(f"{mode}: {result}")
    return folder


def merge(*inputs, arguments=()):
    result = watched.execute([GORDIAN, "merge", "--json", "-", *arguments, *inputs])
    report = json.loads(result.stdout) if result.stdout else None
    return watched.Result(result.status, result.stdout, result.stderr, report)


def merged_runs(*modes):
    return merge(*map(recordings, modes))


class MergeTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(FOLDER)

    def check_found(self, run, locks, why=None):
        """One finding of these locks: a warning, or a note for this reason."""
        finding, = run.findings
        self.assertEqual((finding.kind, finding.shape, finding.locks), ("deadlock.potential", "cycle", locks), run)
        self.assertIs(finding.whole["merged"], True)
        self.assertEqual(finding.whole["severity"], "note" if why else "warning")
        self.assertEqual(run.status, 0 if why else watched.STATUS_FOUND, run)
        message = finding.whole["message"]
        self.assertEqual(message[message.index(UNCERTAIN) + len(UNCERTAIN):-1] if why else UNCERTAIN in message, why or False)
        return finding

    def test_two_runs_each_with_one_order(self):
        run = merged_runs("ab", "ba")
        finding = self.check_found(run, ["a", "b"])
        names = [os.listdir(recordings(mode)) for mode in ("ab", "ba")]
        one, two = ([name for name in files if name.endswith(".rec")][0] for files in names)
        self.assertEqual(finding.whole["message"],
                         "deadlock possible: thread T2 of run 1, holding a, locks b; thread T3 of run 2, holding b, locks a "
                         f"(no run has all orders: run 1 is {one}, run 2 is {two})")
        self.assertEqual([thread["id"] for thread in finding.whole["threads"]], ["T2@1", "T3@2"])

    def test_the_text_says_that_no_run_had_it(self):
        result = watched.execute([GORDIAN, "merge", recordings("ab"), recordings("ba")])
        self.assertIn(", in no single run; merged 1 time\n", result.stdout)
        self.assertIn("\n  thread T2 of run 1 (T2@1, tid ", result.stdout)

    def test_the_order_of_the_runs_does_not_matter(self):
        self.assertEqual(merged_runs("ab", "ba").findings[0].whole["id"], merged_runs("ba", "ab").findings[0].whole["id"])

    def test_one_run_twice_is_no_finding(self):
        self.assertEqual(merged_runs("ab", "ab").findings, [])

    def test_a_gate_in_both_runs(self):
        run = merged_runs("gate_ab", "gate_ba")
        self.assertEqual((run.findings, run.status), ([], 0), run)

    def test_a_gate_in_one_run_only(self):
        self.check_found(merged_runs("ab", "gate_ba"), ["a", "b"])

    def test_main_in_both_runs(self):
        self.assertEqual(merged_runs("main_ab", "main_ba").findings, [])

    def test_order_by_joining_holds_across_runs(self):
        self.assertEqual(merged_runs("early_ab", "late_ba").findings, [])

    def test_threads_of_a_pool(self):
        self.check_found(merged_runs("pool_ab", "pool_ba"), ["a", "b"])

    def test_a_thread_that_was_alone_in_both_runs(self):
        self.check_found(merged_runs("single_ab", "single_ba"), ["a", "b"], "no run had both threads at the same time")

    def test_a_pool_in_a_third_run_makes_it_certain(self):
        self.check_found(merged_runs("single_ab", "single_ba", "pool_bc"), ["a", "b"])

    def test_threads_that_came_one_after_the_other(self):
        self.assertEqual(merged_runs("turns_ab", "turns_ba").findings, [])

    def test_main_and_a_thread_that_its_run_does_not_have(self):
        self.check_found(merged_runs("main_ab", "ba"), ["a", "b"],
                         "one of the runs does not have the other's thread, so its place in time is not known")

    def test_locks_of_the_heap_are_probably_the_same(self):
        run = merged_runs("heap_ab", "heap_ba")
        locks = sorted(lock["name"] for lock in run.report["findings"][0]["locks"])
        self.assertEqual([name.split(" in ")[1] for name in locks], ["new_lock", "new_account"])
        self.check_found(run, locks, "it is probable, not certain, that the locks are the same in these runs")

    def test_a_ring_over_three_runs(self):
        self.assertEqual(merged_runs("ab", "bc").findings, [])
        self.check_found(merged_runs("ab", "bc", "ca"), ["a", "b", "c"])

    def test_another_build_of_the_program(self):
        self.check_found(merge(recordings("ab"), recordings("ba", OTHER_BUILD)), ["a", "b"])

    def test_two_processes_of_one_run(self):
        run = merged_runs("processes")
        finding, = run.findings
        self.assertEqual((finding.whole["severity"], run.status), ("warning", watched.STATUS_FOUND), run)
        self.assertIn(" (no process has both orders: run ", finding.whole["message"])

    def test_every_report_fits_the_schema(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        with open(SCHEMA, encoding="utf-8") as file:
            schema = json.load(file)
        for modes in (("ab", "ba"), ("heap_ab", "heap_ba"), ("processes",)):
            jsonschema.validate(merged_runs(*modes).report, schema)


class SavedTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.saved = os.path.join(self.folder, "orders.gordian")

    def save(self, *inputs):
        run = merge(*inputs, arguments=["--save", self.saved])
        self.assertEqual(run.stderr, "")
        return run

    def test_orders_are_kept_from_run_to_run(self):
        self.save(recordings("ab"))
        run = self.save(self.saved, recordings("ba"))
        finding, = run.findings
        self.assertEqual(finding.whole["severity"], "warning")
        self.assertEqual(finding.whole["id"], merged_runs("ab", "ba").findings[0].whole["id"])
        self.assertEqual(merge(self.saved).findings[0].whole["id"], finding.whole["id"])
        self.assertEqual(os.listdir(self.folder), ["orders.gordian"])

    def test_it_is_small_and_does_not_grow_with_what_is_known(self):
        self.save(recordings("ab"))
        size = os.path.getsize(self.saved)
        self.assertLess(size, 20000)
        for _ in range(3):
            self.save(self.saved, recordings("ab"))
        self.assertEqual(os.path.getsize(self.saved), size)

    def test_what_cannot_be_read_is_told_and_the_rest_counts(self):
        self.save(recordings("ab"))
        with open(self.saved, "r+b") as file:
            file.seek(8)
            file.write(b"\x09")
        run = merge(self.saved, recordings("ab"), recordings("ba"))
        self.assertEqual([finding.locks for finding in run.findings], [["a", "b"]])
        self.assertIn("orders.gordian: saved lock orders of format version 9.3; this gordian reads version 1.3\n", run.stderr)
        self.assertEqual(merge(self.saved).status, 125)

    def test_a_recording_of_another_version(self):
        one, = (os.path.join(recordings("ab"), name) for name in os.listdir(recordings("ab")) if name.endswith(".rec"))
        other = os.path.join(self.folder, "other.rec")
        with open(one, "rb") as file:
            data = bytearray(file.read(1 << 20))
        data[8] = 77
        with open(other, "wb") as file:
            file.write(data)
        run = merge(other)
        self.assertEqual(run.status, 125)
        self.assertEqual(run.stderr.splitlines()[0],
                         f"gordian: {other}: a recording of format version 77; this gordian reads version 3")

    def test_a_file_that_is_cut_off_anywhere(self):
        self.save(recordings("ab"), recordings("ba"))
        with open(self.saved, "rb") as file:
            data = file.read()
        for size in range(24, len(data), 997):
            with open(self.saved, "wb") as file:
                file.write(data[:size])
            run = merge(self.saved)
            self.assertEqual(run.status, 125, run)
            self.assertEqual(len(run.stderr.splitlines()), 2, run.stderr)


class ClassesTest(unittest.TestCase):
    maxDiff = None

    def classes(self, mode):
        result = watched.execute([GORDIAN, "report", "--classes", "--json", "-", recordings(mode)])
        self.assertEqual(result.status, 0, result)
        return json.loads(result.stdout)["findings"]

    def test_two_classes_in_two_orders(self):
        finding, = self.classes("accounts")
        self.assertEqual((finding["severity"], finding["kind"]), ("note", "deadlock.potential"))
        names = sorted(lock["name"] for lock in finding["locks"])
        self.assertRegex(names[1], r"^mutex initialised at merging.c:\d+ in new_account \(one of 2\)$")
        self.assertRegex(names[0], r"^mutex initialised at merging.c:\d+ in new_lock \(one of 2\)$")

    def test_locks_of_one_class_by_address_and_against_it(self):
        finding, = self.classes("nested")
        self.assertRegex(finding["message"],
                         r"^deadlock possible within a class of locks: thread T2 and thread T3 take two of its locks, the one by "
                         r"the order of their addresses, the other against it: mutex initialised at merging.c:\d+ in nested$")

    def test_orders_that_agree_say_nothing(self):
        for mode in ("ab", "gate_ab", "pool_ab", "heap_ab"):
            self.assertEqual(self.classes(mode), [], mode)


class ReplayTest(unittest.TestCase):
    """Replaying a recording finds the rings that the library found."""

    def test_every_shape(self):
        listing = subprocess.run([SHAPES, "list"], check=True, stdout=subprocess.PIPE, text=True).stdout
        rings = 0
        for line in listing.splitlines():
            with self.subTest(line), tempfile.TemporaryDirectory() as folder:
                watched.preloaded(LIBRARY, [SHAPES, line.split()[0], "20", "3"], folder, "quiet=1")
                files = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".rec")]
                result = watched.execute([REPLAY, *files])
                self.assertEqual(result.status, 0, result)
                rings += sum(int(said.rsplit(" ", 2)[1]) for said in result.stdout.splitlines())
        self.assertGreater(rings, 10)


if __name__ == "__main__":
    check.main()
