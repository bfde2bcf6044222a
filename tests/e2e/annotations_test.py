#!/usr/bin/env python3
"""include/gordian.h: what a program says of its locks is in the report, checked, and nothing without the library.

    annotations_test.py GORDIAN LIBRARY ANNOTATIONS FIXED CLANG STATIC CPP OFF SOURCE CPP_SOURCE [Class.test...]

ANNOTATIONS is built as Debian's compiler does by default, FIXED with -no-pie, CLANG with clang and -O2, STATIC with -static.
"""

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

GORDIAN, LIBRARY, PLAIN, FIXED, CLANG, STATIC, CPP, OFF, SOURCE, CPP_SOURCE = watched.paths(10)
BUILDS = [PLAIN, FIXED, CLANG]
LONG = "x" * 252 + "..."


def asserted(source, function):
    """The line of the function that carries /* ASSERTED */, as "file:line"."""
    with open(source, encoding="utf-8") as file:
        inside = None
        for number, line in enumerate(file, 1):
            start = re.match(r"\w.*\b(\w+)\(.*\) \{$", line)
            inside = start[1] if start else inside
            if inside == function and "/* ASSERTED */" in line:
                return f"{os.path.basename(source)}:{number}"
    raise AssertionError(f"no line of {function} is marked")


def messages(result):
    return [finding.whole["message"] for finding in result.findings]


class AnnotationsTest(unittest.TestCase):
    def under(self, program, case, status):
        result = watched.under(GORDIAN, [program, case])
        self.assertEqual(result.status, status, result)
        self.assertEqual(result.stdout, "", result)
        return result

    def finds(self, case, message, count=1):
        """One assertion does not hold, in all builds, at the marked line."""
        for program in BUILDS:
            with self.subTest(program=os.path.basename(program)):
                result = self.under(program, case, watched.STATUS_FOUND)
                self.assertEqual([(f.kind, f.whole["severity"], f.count) for f in result.findings],
                                 [("misuse.assertion", "error", count)], result)
                self.assertRegex(messages(result)[0], f"^{message}$")
                frame = result.findings[0].steps[0]["wants"]["stack"][0]
                self.assertEqual(f"{os.path.basename(frame['file'])}:{frame['line']}", asserted(SOURCE, case))
                self.assertIn(messages(result)[0], result.stderr)

    def quiet(self, case):
        for program in BUILDS:
            with self.subTest(program=os.path.basename(program)):
                self.assertEqual(messages(self.under(program, case, 0)), [])

    def cycle_of(self, case, *locks):
        """The two threads' orders are a prediction, over locks of these names."""
        result = self.under(PLAIN, case, watched.STATUS_FOUND)
        self.assertEqual([f.kind for f in result.findings], ["deadlock.potential"], result)
        self.assertEqual(result.findings[0].locks, sorted(locks))
        return result

    def test_names(self):
        result = self.cycle_of("names", "accounts", 'audit "log"\n<b>')
        self.assertIn('holding accounts, locks audit "log"\\x0a<b>', result.stderr)
        self.assertRegex(result.stderr, r"\n  accounts: mutex at 0x")

    def test_names_that_do_not_count(self):
        self.cycle_of("name_taken_away", "first", "second")
        self.cycle_of("name_of_another", "first", "second")

    def test_names_that_come_early_or_late(self):
        self.cycle_of("name_before_init", "accounts", "second")
        self.cycle_of("name_later", "accounts", "second")

    def test_a_long_name(self):
        self.cycle_of("long_name", LONG, "second")

    def test_many_names(self):
        result = self.under(PLAIN, "many_names", watched.STATUS_FOUND)
        self.assertRegex(messages(result)[0], r"^main asserts that it does not hold lock 17, and holds it, locked at ")

    def test_what_holds(self):
        self.quiet("all_hold")

    def test_not_held_by_anyone(self):
        self.finds("not_held_by_anyone", "main asserts that it holds first, which nobody holds")

    def test_never_locked(self):
        self.finds("never_locked", "main asserts that it holds (unknown lock )?first, which nobody holds", count=3)

    def test_held_by_another(self):
        self.finds("held_by_another", "main asserts that it holds first, which thread T2 holds")

    def test_held_itself(self):
        self.finds("held_itself", r"main asserts that it does not hold rwlock table, and holds it, locked at "
                                  r"annotations\.c:\d+ in held_itself")

    def test_holds_two(self):
        self.finds("holds_two", r"main asserts that it holds no lock, and holds the write lock of table, locked at "
                                r"annotations\.c:\d+ in holds_two, and 1 more")
        result = self.under(PLAIN, "holds_two", watched.STATUS_FOUND)
        self.assertRegex(result.stderr, r"\n    asserts that it does not hold table at\n")
        self.assertRegex(result.stderr, r"\n  main \(T1, tid \d+\), earlier\n    holds the write lock of table, locked at\n")
        self.assertRegex(result.stderr, r"\n    also holds first, locked at annotations\.c:\d+ in holds_two\n")

    def test_errno_is_kept(self):
        self.under(PLAIN, "errno_is_kept", watched.STATUS_FOUND)

    def test_a_gate(self):
        self.quiet("gate")
        self.quiet("gate_is_lock")
        self.cycle_of("gate_of_one_alone", "first", "second")

    def test_a_gate_that_does_not_hold(self):
        self.finds("gate_broken", r"main enters startup while thread T2 is in it, entered at annotations\.c:\d+ in stay_in_gate"
                                  r"|main enters gate startup while thread T2 is in it, entered at .*")
        self.finds("gate_not_entered", r"main leaves gate token, which it is not in")

    def test_an_epoch(self):
        self.cycle_of("no_epoch", "first", "second")
        self.quiet("epoch")
        self.cycle_of("epoch_and_both_again", "first", "second")
        self.cycle_of("found_before_epoch", "first", "second")

    def test_without_the_library(self):
        for program in [*BUILDS, STATIC]:
            for case in ("names", "never_locked", "held_itself", "gate_not_entered", "epoch", "errno_is_kept"):
                with self.subTest(program=os.path.basename(program), case=case):
                    result = watched.alone([program, case])
                    self.assertEqual((result.status, result.stdout, result.stderr), (0, "", ""))
        self.assertEqual(watched.alone([OFF]).status, 0)

    def test_the_library_is_not_linked(self):
        for program in [*BUILDS, CPP]:
            needed = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
            self.assertNotIn("gordian", needed)
        symbols = subprocess.run(["nm", OFF], capture_output=True, text=True, check=True).stdout
        self.assertNotIn("gordian_", symbols)

    def test_cpp(self):
        result = watched.under(GORDIAN, [CPP, "wrong"])
        self.assertEqual(messages(result), ["main asserts that it holds accounts, which nobody holds"], result)
        self.assertEqual(messages(watched.under(GORDIAN, [CPP, "right"])), [])
        self.assertEqual(watched.alone([CPP, "wrong"]).status, 0)

    def test_names_are_in_the_recording(self):
        with tempfile.TemporaryDirectory() as folder:
            watched.preloaded(LIBRARY, [PLAIN, "names"], folder, "quiet=1")
            result = watched.report_of(GORDIAN, [folder])
            self.assertEqual(result.findings[0].locks, ["accounts", 'audit "log"\n<b>'])


if __name__ == "__main__":
    check.main()
