#!/usr/bin/env python3
"""Suppressions, baselines, --only-module and `gordian diff` over real programs: of every kind of finding, the rule that is
printed with it silences it and nothing else.

    rules_test.py GORDIAN TWO_KNOTS LIBTHIRD KINDS_PROGRAM... [Class.test...]
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import watched  # noqa: E402

# Scenarios of kinds_*.c, so that every kind of finding is made, most of them twice and in like ways.
SCENARIOS = {
    "misuse": ["unlock_unlocked", "unlock_unlocked_checked", "unlock_by_another", "unlock_by_another_checked", "relock_checked",
               "destroy_locked", "destroy_locked_by_oneself", "lock_destroyed", "lock_destroyed_by_another", "init_locked",
               "init_under_owner", "one_thread_both_orders"],
    "endings": ["returned", "exited", "fork_holding", "child_tries", "child_locks"],
    "conditions": ["lost_wake_up", "one_signal_for_two", "retake", "wait_holding", "wait_unlocked", "wait_with_anothers_mutex",
                   "two_mutexes", "destroy_waited"],
    "barriers": ["alone", "wait_holding", "of_none"],
    "joins": ["two_joins", "ring_of_three", "join_detached", "join_twice"],
    "semaphores": ["ab_ba_in_turn", "overflow", "destroy_waited"],
    "starvation": ["often_and_long"],
}
OPTIONS = "single_thread=1:starvation_overtakes=20:starvation_ms=50"

NAMES = list(SCENARIOS)
GORDIAN, TWO_KNOTS, THIRD, *PROGRAMS = watched.paths(3 + len(NAMES))

KINDS = {"deadlock.potential", "deadlock.actual", "hang.all_blocked", "misuse.unlock_unlocked", "misuse.unlock_not_owner",
         "misuse.relock", "misuse.destroy_locked", "misuse.destroy_waited", "misuse.use_destroyed", "misuse.init_locked",
         "misuse.exit_holding", "misuse.wait_unlocked", "misuse.cond_two_mutexes", "misuse.sem_overflow", "misuse.fork_held",
         "misuse.bad_join", "misuse.bad_barrier", "blocking.wait_holding", "starvation", "order.single_thread"}


def gordian(*arguments, **options):
    return watched.execute([GORDIAN, *arguments], **options)


class Files(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def report(self, *arguments, status=None):
        result = gordian("report", "--json", "-", *arguments)
        if status is not None:
            self.assertEqual(result.status, status, result)
        return json.loads(result.stdout)


class EveryKindTest(Files):
    """One report over the recordings of all scenarios."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.runs = os.path.join(cls.folder, "runs")
        for name, program in zip(NAMES, PROGRAMS):
            assert os.path.basename(program) == f"kinds_{name}", program
            for scenario in SCENARIOS[name]:
                out = os.path.join(cls.folder, f"{name}.{scenario}")
                run = gordian("run", "--out", out, "--", program, scenario, env=watched.environment(GORDIAN_OPTIONS=OPTIONS))
                assert run.status != 125, run
                os.makedirs(cls.runs, exist_ok=True)
                for file in os.listdir(out):
                    if file.endswith(".rec"):  # processes of different runs may have had one pid
                        os.rename(os.path.join(out, file), os.path.join(cls.runs, f"{name}.{scenario}.{file}"))
        cls.findings = json.loads(gordian("report", "--json", "-", cls.runs).stdout)["findings"]

    def test_all_kinds_are_here(self):
        self.assertEqual({finding["kind"] for finding in self.findings}, KINDS)
        self.assertGreater(len(self.findings), 30)
        self.assertEqual(len({finding["id"] for finding in self.findings}), len(self.findings))

    def test_a_rule_silences_its_finding_and_no_other(self):
        tried = set()
        for finding in self.findings:
            rules = self.file("one.supp", finding["rule"])
            report = self.report("--suppressions", rules, self.runs)
            silenced = [other["id"] for other in report["findings"] if other["suppressed"]]
            self.assertEqual(silenced, [finding["id"]], finding["rule"])
            rule, = report["filter"]["rules"]
            self.assertEqual((rule["matched"], rule["silenced"], report["filter"]["mistakes"]), (1, 1, []))
            tried.add(finding["kind"])
        self.assertEqual(tried, KINDS)

    def test_all_rules_together_silence_everything(self):
        rules = self.file("all.supp", "\n".join(finding["rule"] for finding in self.findings))
        result = gordian("report", "--suppressions", rules, self.runs)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.stderr, "")
        count = len(self.findings)
        self.assertTrue(result.stdout.startswith(
            f"gordian: {count} findings: 0 errors, 0 warnings, 0 notes, {count} suppressed\n"), result)
        self.assertNotIn("silenced nothing", result.stdout)

    def test_the_rule_in_names_silences_its_finding_too(self):
        for finding in self.findings:
            lines = [line for line in finding["rule"].splitlines() if not line.startswith("id: ")]
            start = next(i for i, line in enumerate(lines) if line.startswith("# kind: "))
            rule = "\n".join([lines[0], *(line[2:] for line in lines[start:])])
            report = self.report("--suppressions", self.file("loose.supp", rule), self.runs)
            silenced = {other["id"] for other in report["findings"] if other["suppressed"]}
            self.assertIn(finding["id"], silenced, rule)
            self.assertEqual(report["filter"]["mistakes"], [], rule)


class TwoKnotsTest(Files):
    """One program with two deadlocks through the same functions, one with its locks in a library of others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.old = os.path.join(cls.folder, "old.json")
        cls.first = cls.run_knots("--json", cls.old)
        with open(cls.old, encoding="utf-8") as file:
            cls.findings = {tuple(sorted(lock["name"] for lock in finding["locks"])): finding
                            for finding in json.load(file)["findings"]}

    @staticmethod
    def run_knots(*arguments, knots="all"):
        return gordian("run", *arguments, "--", TWO_KNOTS, knots)

    def test_without_rules_all_count(self):
        self.assertEqual(self.first.status, 66)
        self.assertEqual(sorted(self.findings), [("alice", "bob"), ("carol", "dave"), ("third", "third_too")])
        self.assertEqual(len({finding["id"] for finding in self.findings.values()}), 3)

    def test_a_rule_silences_one_of_two_while_the_program_runs(self):
        rules = self.file("alice.supp", self.findings["alice", "bob"]["rule"])
        out = os.path.join(self.folder, "alice.json")
        run = self.run_knots("--suppressions", rules, "--json", out)
        self.assertEqual(run.status, 66)
        with open(out, encoding="utf-8") as file:
            report = json.load(file)
        self.assertEqual([(sorted(lock["name"] for lock in finding["locks"]), finding["suppressed"])
                          for finding in report["findings"]],
                         [(["alice", "bob"], True), (["carol", "dave"], False), (["third", "third_too"], False)])
        self.assertEqual(run.stderr.count("gordian: deadlock possible"), 2)  # not told the moment it is made, either
        self.assertNotIn("holding alice", run.stderr)
        self.assertRegex(run.stderr, r"\n  suppressed  1 finding by rule deadlock.potential: \w+, \w+ \(\S+/alice.supp:1\)\n")

    def test_rules_by_names(self):
        rules = self.file("names.supp", "[alice]\nkind: deadlock.*\nlock: alice\n[carol]\nframes: both; *_carol\n"
                                        "[third]\nframe: libthird*\n[nobody]\nframe: nobody\n")
        run = self.run_knots("--suppressions", rules)
        self.assertEqual(run.status, 0, run)
        self.assertEqual(run.stderr.splitlines()[:5],
                         ["gordian: 3 findings: 0 errors, 0 warnings, 0 notes, 3 suppressed",
                          f"  suppressed  1 finding by rule alice ({rules}:1)",
                          f"  suppressed  1 finding by rule carol ({rules}:4)",
                          f"  suppressed  1 finding by rule third ({rules}:6)",
                          run.stderr.splitlines()[4]])
        self.assertIn(f"  note: 1 rule silenced nothing in this run: nobody ({rules}:8)\n", run.stderr)

    def test_files_are_given_several_times(self):
        one = self.file("one.supp", "[a]\nlock: alice\n[c]\nlock: carol\n")
        two = self.file("two.supp", "deadlock:libthird\n")
        self.assertEqual(self.run_knots("--suppressions", one, "--suppressions", two).status, 0)
        self.assertEqual(self.run_knots("--suppressions", one).status, 66)

    def test_a_rule_with_a_mistake_is_told_and_the_rest_counts(self):
        rules = self.file("bad.supp", "[a]\nlock: alice\n\n[bad]\nfram: both\n\n[c]\nlock: carol\n[t]\nlock: third\n")
        run = self.run_knots("--suppressions", rules)
        self.assertEqual(run.status, 0, run)
        self.assertEqual(run.stderr.splitlines()[0],
                         f"gordian: {rules}:5: 'fram' is none of kind, id, lock, frame, frames and expires: this rule is left out")
        self.assertIn("3 suppressed", run.stderr)

    def test_an_expired_rule_is_told_and_does_not_count(self):
        rules = self.file("old.supp", "[all]\nkind: *\nexpires: 2020-02-29\n")
        run = self.run_knots("--suppressions", rules)
        self.assertEqual(run.status, 66)
        self.assertIn(f"  note: rule all ({rules}:1) expired on 2020-02-29 and silences nothing any more; it would have "
                      "silenced 3 findings\n", run.stderr)

    def test_a_baseline_fails_on_new_findings_only(self):
        known = self.run_knots("--baseline", self.old)
        self.assertEqual(known.status, 0, known)
        self.assertTrue(known.stderr.startswith(
            "gordian: 3 findings: 0 errors, 0 warnings, 0 notes, 3 known from the baseline\n"), known)
        before = os.path.join(self.folder, "alice_only.json")
        self.assertEqual(self.run_knots("--json", before, knots="alice").status, 66)
        new = os.path.join(self.folder, "new.json")
        run = self.run_knots("--baseline", before, "--json", new)
        self.assertEqual(run.status, 66)
        self.assertEqual(run.stderr.count("gordian: deadlock possible"), 2)
        self.assertEqual(run.stderr.count("\n  known    deadlock possible"), 1)
        with open(new, encoding="utf-8") as file:
            report = json.load(file)
        self.assertEqual([finding.get("known") for finding in report["findings"]], [True, None, None])
        self.assertEqual(report["filter"]["baseline"], {"known": 1, "gone": 0})
        gone = self.run_knots("--baseline", self.old, knots="alice")
        self.assertEqual(gone.status, 0)
        self.assertIn("  note: 2 findings of the baseline were not seen this time\n", gone.stderr)

    def test_a_baseline_may_be_replaced_by_the_report_that_is_compared_with_it(self):
        both = os.path.join(self.folder, "both.json")
        self.assertEqual(self.run_knots("--json", both, knots="alice").status, 66)
        self.assertEqual(self.run_knots("--baseline", both, "--json", both).status, 66)
        self.assertEqual(self.run_knots("--baseline", both, "--json", both).status, 0)

    def test_only_the_modules_that_are_asked_for(self):
        run = self.run_knots("--only-module", "two_knots")
        self.assertEqual(run.status, 66)
        self.assertEqual(run.stderr.count("gordian: deadlock possible"), 2)
        self.assertIn("\n  suppressed  1 finding outside of --only-module two_knots\n", run.stderr)
        run = self.run_knots("--only-module", "libthird.so*", "--only-module", "*/libfourth.so")
        self.assertEqual(run.status, 66)
        self.assertEqual(run.stderr.count("gordian: deadlock possible"), 1)
        self.assertIn("\n  suppressed  2 findings outside of --only-module libthird.so* --only-module */libfourth.so\n",
                      run.stderr)
        self.assertEqual(self.run_knots("--only-module", "libother*").status, 0)

    def test_diff(self):
        alice, rest = os.path.join(self.folder, "a.json"), os.path.join(self.folder, "rest.json")
        self.run_knots("--json", alice, knots="alice")
        self.run_knots("--json", rest, knots="carol")
        self.assertEqual(gordian("diff", self.old, self.old).status, 0)
        result = gordian("diff", alice, self.old)
        self.assertEqual((result.status, result.stderr), (66, ""))
        self.assertTrue(result.stdout.startswith("gordian: 2 new findings, 0 gone, 1 kept\n  new   warning  "), result)
        self.assertEqual(gordian("diff", "--exit-code", "3", alice, self.old).status, 3)
        self.assertEqual(gordian("diff", self.old, alice).status, 0)  # nothing is new
        result = gordian("diff", "--json", "-", alice, rest)
        self.assertEqual(result.status, 66)
        difference = json.loads(result.stdout)
        self.assertEqual([[finding["id"] for finding in difference[key]] for key in ("new", "gone", "kept")],
                         [[self.findings["carol", "dave"]["id"]], [self.findings["alice", "bob"]["id"]], []])

    def test_diff_of_recordings(self):
        folders = [os.path.join(self.folder, name) for name in ("monday", "tuesday")]
        for folder, knots in zip(folders, ("alice", "all")):
            self.run_knots("--out", folder, knots=knots)
        recording, = [os.path.join(folders[0], name) for name in os.listdir(folders[0]) if name.endswith(".rec")]
        for before in (folders[0], recording, os.path.join(folders[0], "report.json")):
            result = gordian("diff", before, folders[1])
            self.assertEqual((result.status, result.stdout.splitlines()[0]), (66, "gordian: 2 new findings, 0 gone, 1 kept"))


class DeadlockTest(Files):
    """A deadlock that is put aside still ends the program, which would hang."""

    def run_stuck(self, *arguments):
        return gordian("run", *arguments, "--", TWO_KNOTS, "stuck")

    def test_a_suppressed_deadlock_stops_the_program_and_says_so(self):
        rules = self.file("stuck.supp", "[stuck]\nkind: *\n")
        run = self.run_stuck("--suppressions", rules)
        self.assertEqual(run.status, 137, run)
        self.assertRegex(run.stderr.splitlines()[0],
                         rf"^gordian: the program is stopped: deadlock\.actual [0-9a-f]{{16}}: rule stuck \({re.escape(rules)}:1\)$")
        self.assertNotIn("gordian: deadlock", run.stderr)
        self.assertEqual(self.run_stuck("--suppressions", rules, "--on-deadlock", "abort").status, 134)

    def test_a_known_deadlock_stops_the_program_and_a_prediction_of_it_is_known(self):
        old = os.path.join(self.folder, "stuck.json")
        self.assertEqual(self.run_stuck("--json", old).status, 66)
        run = self.run_stuck("--baseline", old)
        self.assertEqual(run.status, 137, run)
        self.assertIn(": known from the baseline\n", run.stderr.splitlines(True)[0])
        # The same locks in the same orders, without the bad luck.
        predicted = os.path.join(self.folder, "lucky.json")
        lucky = gordian("run", "--baseline", old, "--json", predicted, "--", TWO_KNOTS, "lucky")
        self.assertEqual(lucky.status, 0, lucky)
        # And when it happens that was only predicted, that is new.
        self.assertEqual(self.run_stuck("--baseline", predicted).status, 66)
        self.assertEqual(gordian("diff", old, predicted).status, 0)
        self.assertEqual(gordian("diff", predicted, old).status, 66)


if __name__ == "__main__":
    check.main()
