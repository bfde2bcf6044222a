#!/usr/bin/env python3
"""--suppressions, --baseline, --only-module and `gordian diff` from outside: mistakes are told in one line, before the program
starts.

    filters_test.py GORDIAN LIBGORDIAN LOCKER DIFF_SCHEMA [Class.test...]
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import jsonschema

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402

GORDIAN, LIBRARY, LOCKER, SCHEMA = [os.path.abspath(path) for path in sys.argv[1:5]]
del sys.argv[1:5]


class FiltersTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return self.path(name)

    def gordian(self, *arguments, **options):
        environment = {key: value for key, value in os.environ.items() if key not in ("LD_PRELOAD", "GORDIAN_OPTIONS")}
        return subprocess.run([GORDIAN, *arguments], env=dict(environment, GORDIAN_LIBRARY=LIBRARY), text=True, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False, **options)

    def check_refused(self, line, *arguments):
        result = self.gordian(*arguments)
        lines = result.stderr.splitlines()
        self.assertEqual((result.returncode, result.stdout), (125, ""), result)
        self.assertEqual(lines[0], "gordian: " + line)
        self.assertTrue(len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("  ")), result.stderr)

    def check_run_refused(self, line, *options):
        mark = self.path("started")
        self.check_refused(line, "run", *options, "--", "touch", mark)
        self.assertFalse(os.path.exists(mark))

    def reports(self):
        """Reports of a run with a finding and of one without, and the folder of the first one's recording."""
        out = self.path("out")
        found = self.gordian("run", "--out", out, "--json", self.path("found.json"), "--", LOCKER, "orders")
        clean = self.gordian("run", "--json", self.path("clean.json"), "--", LOCKER, "clean")
        self.assertEqual((found.returncode, clean.returncode), (66, 0))
        return self.path("found.json"), self.path("clean.json"), out


class OptionsTest(FiltersTest):
    def test_files_that_cannot_be_read(self):
        for command in (["run"], ["report"]):
            self.check_refused("cannot read the suppressions in /no/file: No such file or directory", *command, "--suppressions",
                               "/no/file", "true")
            self.check_refused("cannot read the suppressions in /: Is a directory", *command, "--suppressions", "/", "true")
            self.check_refused("cannot use /no/file as a baseline: No such file or directory", *command, "--baseline", "/no/file",
                               "true")
        self.check_refused("/dev/zero: a file of suppressions has at most 16 MiB", "run", "--suppressions", "/dev/zero", "true")

    def test_nothing_has_started_then(self):
        self.check_run_refused("cannot read the suppressions in /no/file: No such file or directory", "--suppressions", "/no/file")
        self.check_run_refused("cannot use /no/file as a baseline: No such file or directory", "--baseline", "/no/file")
        self.check_run_refused("--only-module: a glob has 1 to 1,000 bytes", "--only-module", "")
        self.check_run_refused("--only-module: a glob has 1 to 1,000 bytes", "--only-module", "x" * 1001)
        self.check_refused("run: this option needs a value: --baseline", "run", "--baseline")

    def check_baseline_refused(self, why, content):
        path = self.file("baseline.json", content)
        self.check_run_refused(f"cannot use {path} as a baseline: {why}", "--baseline", path)

    def test_what_is_no_baseline(self):
        self.check_baseline_refused("it is no JSON report of gordian", "")
        self.check_baseline_refused("it is no JSON report of gordian", "[lock]\nlock: x\n")
        self.check_baseline_refused("it is no JSON report of gordian", b"GORDIAN\0" + bytes(100))
        self.check_baseline_refused("it is no JSON report of gordian", '{"schema": "sarif", "findings": []}')
        self.check_baseline_refused("it is cut off or damaged at byte 12", '{"schema": "gord')
        self.check_baseline_refused("it is of another version than this gordian reads",
                                    '{"schema": "gordian-report/2", "findings": []}')

    def test_a_rule_with_a_mistake_stops_nothing(self):
        rules = self.file("bad.supp", "[bad]\nfram: x\n[worse\n[good]\nkind: *\n")
        result = self.gordian("run", "--suppressions", rules, "--", LOCKER, "orders")
        self.assertEqual(result.returncode, 0, result)
        self.assertEqual(result.stderr.splitlines()[:4], [
            f"gordian: {rules}:2: 'fram' is none of kind, id, lock, frame, frames and expires: this rule is left out",
            "  gordian help suppressions shows how rules are written",
            f"gordian: {rules}:3: the name of a rule ends with ], and nothing follows it: this rule is left out",
            "gordian: 1 finding: 0 errors, 0 warnings, 0 notes, 1 suppressed"])

    def test_a_file_of_garbage_is_told_in_some_lines(self):
        rules = self.file("garbage.supp", b"".join(b"[\xff\x00%d\n" % i for i in range(100)))
        result = self.gordian("run", "--suppressions", rules, "--", LOCKER, "orders")
        self.assertEqual(result.returncode, 66)
        told = [line for line in result.stderr.splitlines() if line.startswith(f"gordian: {rules}")]
        self.assertEqual(len(told), 21)
        self.assertEqual(told[0], f"gordian: {rules}:1: a NUL byte is in the line: this line is left out")
        self.assertEqual(told[20], f"gordian: {rules}: and 80 more mistakes")

    def test_rules_come_through_a_pipe_too(self):
        script = 'printf "[a]\\nkind: *\\n" | "$0" run --suppressions /dev/stdin -- "$1" orders'
        result = subprocess.run(["sh", "-c", script, GORDIAN, LOCKER], env=dict(os.environ, GORDIAN_LIBRARY=LIBRARY),
                                capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result)

    def test_the_exit_status_that_was_chosen_is_for_what_counts(self):
        rules = self.file("all.supp", "[all]\nkind: deadlock.*\n")
        self.assertEqual(self.gordian("run", "--exit-code", "9", "--suppressions", rules, "--", LOCKER, "orders").returncode, 0)
        self.assertEqual(self.gordian("run", "--exit-code", "9", "--only-module", "x", "--", LOCKER, "orders").returncode, 0)

    def test_the_same_of_a_recording(self):
        found, clean, out = self.reports()
        rules = self.file("all.supp", "[all]\nkind: deadlock.*\n")
        for options in (["--suppressions", rules], ["--baseline", found], ["--only-module", "x"]):
            result = self.gordian("report", *options, out)
            self.assertEqual((result.returncode, result.stderr), (0, ""), options)
            self.assertNotIn("0x", result.stdout)  # no finding is shown whole
        for options in (["--baseline", clean], ["--only-module", "lock*"]):
            self.assertEqual(self.gordian("report", *options, out).returncode, 66)

    def test_help_tells_of_them(self):
        for subcommand in ("run", "report"):
            text = self.gordian("help", subcommand).stdout
            for option in ("--suppressions FILE", "--baseline FILE", "--only-module GLOB"):
                self.assertIn(option, text)
        for topic, word in (("suppressions", "expires: DATE"), ("diff", "--exit-code N")):
            result = self.gordian("help", topic)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertIn(word, result.stdout)
            self.assertIn("Example", result.stdout)

    def test_the_example_of_the_help_is_a_rule(self):
        lines = [line[2:] for line in self.gordian("help", "suppressions").stdout.splitlines() if line.startswith("  ")]
        start = lines.index("[cache before start]")
        rules = self.file("example.supp", "\n".join(lines[start - 1:start + 5]) + "\n")
        result = self.gordian("run", "--suppressions", rules, "--", LOCKER, "clean")
        self.assertEqual(result.returncode, 0)
        self.assertNotIn("left out", result.stderr)
        self.assertRegex(result.stderr, r"silenced nothing in this run: cache before start|cache before start .* expired")


class DiffTest(FiltersTest):
    def test_mistakes_are_told_in_one_line(self):
        garbage = self.file("garbage", "garbage")
        found, _, out = self.reports()
        self.check_refused("diff: two reports are needed", "diff")
        self.check_refused("diff: two reports are needed", "diff", found)
        self.check_refused("diff: more than two reports are given", "diff", found, found, found)
        self.check_refused("diff: unknown option: --colour", "diff", "--colour", found, found)
        self.check_refused("--exit-code: 'x' is no number from 0 to 255", "diff", "--exit-code", "x", found, found)
        self.check_refused("/no/file: No such file or directory", "diff", "/no/file", found)
        self.check_refused("/no/file: No such file or directory", "diff", found, "/no/file")
        self.check_refused(f"{garbage}: it is no JSON report of gordian", "diff", found, garbage)
        self.check_refused(f"{self.folder}: no recording (*.rec) is in this directory", "diff", self.folder, found)
        cut = self.file("cut.json", '{"schema": "gordian-report/1", "findings": [')
        self.check_refused(f"{cut}: it is cut off or damaged at byte 43", "diff", cut, found)
        recording = self.file("cut.rec", b"GORDIAN\0" + bytes(10))
        result = self.gordian("diff", recording, found)
        self.assertEqual((result.returncode, len(result.stderr.splitlines())), (125, 2), result)
        self.assertTrue(result.stderr.startswith(f"gordian: {recording}: "))
        self.check_refused("cannot write /no/dir/x: No such file or directory", "diff", "--json", "/no/dir/x", found, out)

    def test_a_full_disk_is_told(self):
        found, clean, _ = self.reports()
        with open("/dev/full", "w", encoding="ascii") as full:
            result = subprocess.run([GORDIAN, "diff", clean, found], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(result.returncode, 125)
        self.assertIn("gordian: cannot write to standard output: No space left on device\n", result.stderr)
        self.assertEqual(self.gordian("diff", "--json", "/dev/full", clean, found).returncode, 125)

    def test_what_is_written(self):
        found, clean, out = self.reports()
        with open(found, encoding="utf-8") as file:
            finding, = json.load(file)["findings"]
        line = f"{finding['message']}, id {finding['id']}\n"
        for after in (found, out):
            result = self.gordian("diff", clean, after)
            self.assertEqual((result.returncode, result.stdout, result.stderr),
                             (66, f"gordian: 1 new finding, 0 gone, 0 kept\n  new   warning  {line}", ""))
        result = self.gordian("diff", found, clean)
        self.assertEqual((result.returncode, result.stdout),
                         (0, f"gordian: no new finding, 1 gone, 0 kept\n  gone  warning  {line}"))

    def test_json_obeys_its_schema(self):
        found, clean, out = self.reports()
        with open(SCHEMA, encoding="utf-8") as file:
            validator = jsonschema.Draft202012Validator(json.load(file))
        for before, after, counting in ((clean, found, 1), (found, clean, 0), (found, out, 0)):
            target = self.path("diff.json")
            result = self.gordian("diff", "--json", target, before, after)
            self.assertTrue(result.stdout.startswith("gordian: "))
            with open(target, encoding="utf-8") as file:
                difference = json.load(file)
            self.assertEqual(list(validator.iter_errors(difference)), [])
            self.assertEqual((difference["before"], difference["after"], difference["counting"]), (before, after, counting))


if __name__ == "__main__":
    check.main()
