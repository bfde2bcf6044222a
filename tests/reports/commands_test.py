#!/usr/bin/python3
"""gordian report, ps and dump over a program that deadlocks: while it hangs and after it was killed.

Usage: commands_test.py GORDIAN LIBRARY PROGRAM
"""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402

GORDIAN, LIBRARY, PROGRAM = (os.path.abspath(path) for path in sys.argv[1:4])
del sys.argv[1:4]

DEADLINE_S = 30


def gordian(*arguments):
    return subprocess.run([GORDIAN, *arguments], capture_output=True, text=True, timeout=60)


def start(directory, mode):
    options = f"dir={directory}:quiet=1"
    return subprocess.Popen([PROGRAM, mode], env=dict(os.environ, LD_PRELOAD=LIBRARY, GORDIAN_OPTIONS=options),
                            stderr=subprocess.DEVNULL)


class CommandsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.program = start(cls.directory.name, "deadlock")
        end = time.monotonic() + DEADLINE_S
        while gordian("ps", str(cls.program.pid)).stdout.count("waits for") < 2 and time.monotonic() < end:
            time.sleep(0.02)
        cls.recording = glob.glob(cls.directory.name + "/*.rec")[0]

    @classmethod
    def tearDownClass(cls):
        cls.program.kill()
        cls.program.wait()
        cls.directory.cleanup()

    def assertFails(self, result, *lines):
        self.assertEqual(result.returncode, 125)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.splitlines()[0], lines[0])
        self.assertLessEqual(len(result.stderr.splitlines()), 2)

    def killed(self):
        """A copy of the class's program that was killed in its deadlock: its recording."""
        directory = tempfile.mkdtemp(dir=self.directory.name)
        program = start(directory, "deadlock")
        end = time.monotonic() + DEADLINE_S
        while gordian("ps", str(program.pid)).stdout.count("waits for") < 2 and time.monotonic() < end:
            time.sleep(0.02)
        program.kill()
        program.wait()
        return program.pid, glob.glob(directory + "/*.rec")[0]

    def check_state(self, text):
        text = re.sub(r"for \d+\.\d s", "for SOME s", text)
        self.assertRegex(text, r"holds alice, locked at\n +transfer  \S*teller_program\.c:\d+\n +main ")
        self.assertRegex(text, r"waits for bob( for SOME s)?, at\n +transfer  \S*teller_program\.c:\d+\n +main ")
        self.assertRegex(text, r"teller \(T2, tid \d+\), created by T1 at teller_program\.c:\d+ in main\n")
        self.assertRegex(text, r"holds bob, locked at\n +transfer  \S*teller_program\.c:\d+\n +teller ")
        self.assertRegex(text, r"waits for alice( for SOME s)?, at\n +transfer  \S*teller_program\.c:\d+\n +teller ")

    def test_ps_shows_who_holds_and_who_waits(self):
        for arguments in (["ps"], ["ps", str(self.program.pid)]):
            result = gordian(*arguments)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertIn(f"{self.program.pid}  {PROGRAM}  2 threads\n", result.stdout.replace(os.path.realpath(PROGRAM), PROGRAM))
            self.assertRegex(result.stdout, r"  T1   main \(tid \d+\)\n"
                                            r" +holds alice, at teller_program\.c:\d+ in transfer\n"
                                            r" +waits for bob for \d+\.\d s, at teller_program\.c:\d+ in transfer\n")
            self.assertRegex(result.stdout, r"  T2   teller \(tid \d+\)\n"
                                            r" +holds bob, at teller_program\.c:\d+ in transfer\n"
                                            r" +waits for alice for \d+\.\d s, at teller_program\.c:\d+ in transfer\n")

    def test_dump_shows_the_stacks_of_a_running_process(self):
        for what in (str(self.program.pid), self.recording):
            result = gordian("dump", what)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertIn(f"(pid {self.program.pid}), running, 2 threads\n", result.stdout)
            self.check_state(result.stdout)
        self.assertIsNone(self.program.poll())

    def test_what_was_killed_can_be_dumped_and_reported(self):
        pid, recording = self.killed()
        result = gordian("dump", recording)
        self.assertEqual(result.returncode, 0)
        self.assertIn(f"(pid {pid}), no longer running: it was killed, or replaced itself by exec", result.stdout)
        self.check_state(result.stdout)
        self.assertFails(gordian("dump", str(pid)), f"gordian: process {pid}: there is no such process")
        self.assertFails(gordian("ps", str(pid)), f"gordian: process {pid}: there is no such process")
        report = gordian("report", recording)
        self.assertEqual((report.returncode, report.stderr), (66, ""))
        self.assertIn("gordian: deadlock: ", report.stdout)

    def test_report_gives_the_deadlock_and_status_66(self):
        for what in (self.recording, self.directory.name):
            result = gordian("report", what)
            self.assertEqual((result.returncode, result.stderr), (66, ""))
            self.assertIn("main holds alice and waits for bob", result.stdout)
            self.assertIn("teller holds bob and waits for alice", result.stdout)
        self.assertEqual(gordian("report", "--exit-code", "7", self.recording).returncode, 7)

    def test_report_writes_json(self):
        result = gordian("report", self.recording, "--json", "-")
        self.assertEqual(result.returncode, 66)
        # They meet at a barrier with their first locks held: who comes first waits there.
        note, finding = sorted(json.loads(result.stdout)["findings"], key=lambda one: one["kind"])
        self.assertEqual((finding["kind"], finding["shape"]), ("deadlock.actual", "cycle"))
        self.assertEqual((note["kind"], note["severity"]), ("blocking.wait_holding", "note"))
        self.assertEqual(sorted(lock["name"] for lock in finding["locks"]), ["alice", "bob"])
        self.assertEqual(len(finding["steps"]), 2)
        for step in finding["steps"]:
            self.assertTrue(step["wants"]["stack"] and step["holds"][0]["stack"])

    def test_the_same_bug_has_the_same_id_in_another_process(self):
        ids = [[finding["id"] for finding in json.loads(gordian("report", recording, "--json", "-").stdout)["findings"]
                if finding["kind"] == "deadlock.actual"] for recording in (self.recording, self.killed()[1])]
        self.assertEqual(len(ids[0]), 1)
        self.assertEqual(ids[0], ids[1])

    def test_a_clean_program_gives_status_0(self):
        directory = tempfile.mkdtemp(dir=self.directory.name)
        self.assertEqual(start(directory, "clean").wait(DEADLINE_S), 0)
        result = gordian("report", directory)
        self.assertEqual(result.returncode, 0)
        self.assertIn("gordian: no finding\n  seen: ", result.stdout)

    def test_mistakes_are_told_in_one_line(self):
        empty = tempfile.mkdtemp(dir=self.directory.name)
        for arguments, line in (
            (["report"], "gordian: report: no recording is given"),
            (["report", "/nonexistent"], "gordian: /nonexistent: No such file or directory"),
            (["report", GORDIAN], f"gordian: {GORDIAN}: not a recording of gordian"),
            (["report", empty], f"gordian: {empty}: no recording (*.rec) is in this directory"),
            (["dump"], "gordian: dump: no process is given"),
            (["dump", "1", "2"], "gordian: dump: more than one process is given"),
            (["dump", "/nonexistent"], "gordian: /nonexistent: No such file or directory"),
            (["ps", "1", "2"], "gordian: ps: more than one PID is given"),
            (["ps", str(os.getpid())], f"gordian: process {os.getpid()}: gordian is not at work in it"),
        ):
            with self.subTest(arguments):
                self.assertFails(gordian(*arguments), line)
        for arguments in (["report", "--colour"], ["ps", "x"], ["dump", "--all"],
                          ["report", self.recording, "--text", "/nonexistent/report"]):
            with self.subTest(arguments):
                result = gordian(*arguments)
                self.assertEqual(result.returncode, 125)
                self.assertTrue(result.stderr.startswith("gordian: "))

    def test_a_full_output_is_told(self):
        for arguments in (["report", self.recording], ["ps"], ["dump", self.recording]):
            with open("/dev/full", "w") as full:
                result = subprocess.run([GORDIAN, *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual(result.returncode, 125)
            self.assertIn("gordian: cannot write to standard output: No space left on device\n", result.stderr)


if __name__ == "__main__":
    check.main()
