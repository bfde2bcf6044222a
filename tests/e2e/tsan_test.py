#!/usr/bin/env python3
"""Programs that are built with ThreadSanitizer: its reports are findings, and the program's status stays its own.

    tsan_test.py GORDIAN SOURCE SCHEMA CLANG_BUILD GCC_BUILD [Class.test...]
"""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import watched  # noqa: E402

GORDIAN, SOURCE, SCHEMA, *BUILDS = watched.paths(5)
NAME = os.path.basename(SOURCE)
with open(SCHEMA, encoding="utf-8") as schema:
    SCHEMA_TEXT = json.load(schema)


def said(result):
    """Of each finding: kind, severity, source."""
    return [(f.kind, f.whole["severity"], f.whole.get("source")) for f in result.findings]


def place(function, mark="REPORTED"):
    """The place of the marked line in a function, as messages name it."""
    inside = None
    with open(SOURCE, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            start = re.match(r"\w.*\b(\w+)\(.*\) \{$", line)
            inside = start[1] if start else inside
            if inside == function and f"/* {mark} */" in line:
                return f"{NAME}:{number} in {function}"
    raise AssertionError(f"no line of {function} is marked")


class TsanTest(unittest.TestCase):
    maxDiff = None

    def each(self, *arguments, options=(), **environment):
        """Run both builds, and check their reports against the schema. Returns their Results."""
        results = []
        for build in BUILDS:
            result = watched.under(GORDIAN, [build, *arguments], options, env=watched.environment(**environment))
            self.assertIsNotNone(result.report, result)
            jsonschema.validate(result.report, SCHEMA_TEXT)
            results.append(result)
        return results

    def test_a_race_is_a_finding(self):
        for result in self.each("race"):
            self.assertEqual(said(result), [("race.data", "error", "ThreadSanitizer")], result)
            self.assertEqual(result.status, watched.STATUS_FOUND, result)
            self.assertEqual(result.report["run"]["exit"], 0, result)
            finding = result.findings[0].whole
            reader, writer = finding["threads"]
            self.assertEqual(finding["message"], f"data race: {reader['name']} reads balance (8 bytes) at {place('audit')}, "
                             f"holding left; {writer['name']} writes it at {place('deposit')}, holding nothing")
            self.assertEqual([step["access"]["kind"] for step in finding["steps"]], ["read", "write"])
            self.assertEqual({step["access"]["size"] for step in finding["steps"]}, {8})
            self.assertEqual({step["access"]["atomic"] for step in finding["steps"]}, {False})
            self.assertEqual([step["wants"]["mode"] for step in finding["steps"]], ["shared", "exclusive"])
            self.assertEqual([[hold["mode"] for hold in step["holds"]] for step in finding["steps"]], [["exclusive"], []])
            self.assertEqual({lock["name"]: lock["kind"] for lock in finding["locks"]},
                             {"balance": "memory", "left": "mutex"})
            # gordian's own threads, with their creation.
            for thread in finding["threads"]:
                self.assertEqual(thread["creator"], "T1", result)
                self.assertIn("both", [frame["function"] for frame in thread["created"]], result)
            self.assertIn(finding["message"], result.stderr)

    def test_a_race_for_heap_memory_tells_the_allocation(self):
        for result in self.each("heap"):
            self.assertEqual(said(result), [("race.data", "error", "ThreadSanitizer")], result)
            self.assertIn(f"heap block of 40 bytes allocated at {place('heap', 'ALLOCATED')} (4 bytes) at "
                          f"{place('empty')}, holding nothing", result.findings[0].whole["message"])

    def test_what_both_find_is_one_finding(self):
        for result in self.each("orders"):
            self.assertEqual(said(result), [("deadlock.potential", "warning", "gordian and ThreadSanitizer")], result)
            self.assertEqual(result.findings[0].count, 1)
            self.assertEqual(result.findings[0].locks, ["left", "right"])
            for step in result.findings[0].steps:
                self.assertTrue(step["thread"] and step["wants"]["lock"] and step["wants"]["stack"], result)
                self.assertTrue(step["holds"] and all(hold["lock"] and hold["stack"] for hold in step["holds"]), result)
        for result in self.each("misuse"):
            self.assertEqual(said(result), [("misuse.unlock_unlocked", "error", "gordian and ThreadSanitizer")], result)

    def test_a_race_and_a_deadlock_are_two(self):
        for result in self.each("race_and_orders"):
            self.assertEqual(sorted(said(result)), [("deadlock.potential", "warning", "gordian and ThreadSanitizer"),
                                                    ("race.data", "error", "ThreadSanitizer")], result)

    def test_a_gate_lock_makes_a_note_of_a_false_alarm(self):
        for result in self.each("gated"):
            self.assertEqual(said(result), [("deadlock.potential", "note", "ThreadSanitizer")], result)
            self.assertEqual(result.status, 0, result)
            self.assertRegex(result.findings[0].whole["message"],
                             "^ThreadSanitizer says deadlock possible: .* but gordian saw both locks and found no schedule for it$")

    def test_the_exit_status_is_the_programs_own(self):
        for result in self.each("none", "66"):
            self.assertEqual((result.status, result.report["run"]["exit"], said(result)), (66, 66, []), result)
        for result in self.each("none", "5"):
            self.assertEqual((result.status, result.report["run"]["exit"], said(result)), (5, 5, []), result)
        for result in self.each("race", "5"):
            self.assertEqual((result.status, result.report["run"]["exit"]), (66, 5), result)
        for result in self.each("race", "5", options=["--exit-code", "0"]):
            self.assertEqual((result.status, result.report["run"]["exit"]), (5, 5), result)
        # What the user asks of ThreadSanitizer does not stand in the way.
        for result in self.each("race", "5", TSAN_OPTIONS="exitcode=9:log_path=/nowhere/log:verbosity=0"):
            self.assertEqual((result.status, result.report["run"]["exit"], len(result.findings)), (66, 5, 1), result)

    def test_what_was_written_before_the_end_is_reported(self):
        for result in self.each("killed"):
            self.assertEqual(said(result), [("race.data", "error", "ThreadSanitizer")], result)
            self.assertEqual((result.status, result.report["run"]["exit"]), (66, 128 + 9), result)
        for result in self.each("crash"):
            self.assertEqual(said(result), [("race.data", "error", "ThreadSanitizer")], result)
            self.assertEqual((result.status, result.report["run"]["exit"]), (66, 128 + 11), result)
            self.assertRegex(result.report["coverage"]["remarks"][0], "^ThreadSanitizer in pid [0-9]+: SEGV on unknown address")

    def test_every_process_counts(self):
        for result in self.each("children"):
            self.assertEqual(said(result), [("race.data", "error", "ThreadSanitizer")], result)
            self.assertEqual((result.findings[0].count, result.report["run"]["exit"]), (2, 34), result)

    def test_the_users_own_suppressions_and_formats_stay(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "suppressions")
            with open(path, "w", encoding="utf-8") as file:
                file.write("race:audit\n")
            for result in self.each("race", TSAN_OPTIONS=f"suppressions={path}"):
                self.assertEqual((result.status, said(result)), (0, []), result)
        for result in self.each("race", TSAN_OPTIONS='stack_trace_format="    #%n %p %F %L"'):
            self.assertEqual(said(result), [("race.data", "error", "ThreadSanitizer")], result)

    def test_a_race_is_told_while_the_program_runs(self):
        for build in BUILDS:
            with self.subTest(build=os.path.basename(build)):
                process = subprocess.Popen([GORDIAN, "run", "--", build, "waits"], text=True, start_new_session=True,
                                           stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=watched.environment())
                self.addCleanup(process.stderr.close)
                self.addCleanup(watched.end, process)
                self.assertRegex(process.stderr.readline(), "^gordian: data race: ")
                self.assertIsNone(process.poll())

    def test_ids_stay_from_run_to_run(self):
        ids = [[result.findings[0].whole["id"] for result in self.each("race")] for _ in range(2)]
        self.assertEqual(ids[0], ids[1])

    def test_the_logs_are_kept_with_the_recordings_and_can_be_imported(self):
        for build in BUILDS:
            with self.subTest(build=os.path.basename(build)), tempfile.TemporaryDirectory() as folder:
                for number in (1, 2):  # the second run leaves the first one's alone
                    result = watched.under(GORDIAN, [build, "race"], ["--out", folder])
                    self.assertEqual(len(result.findings), 1, result)
                    self.assertEqual(len(glob.glob(f"{folder}/gordian.tsan.{number}.*")), 1)
                logs = glob.glob(f"{folder}/gordian.tsan.*")
                imported = watched.execute([GORDIAN, "import", "--json", "-", *logs])
                self.assertEqual(imported.status, watched.STATUS_FOUND, imported)
                finding, = json.loads(imported.stdout)["findings"]
                self.assertEqual((finding["kind"], finding["count"]), ("race.data", 2))
                self.assertRegex(finding["message"], "^data race: .* reads balance .* writes it ")


if __name__ == "__main__":
    check.main()
