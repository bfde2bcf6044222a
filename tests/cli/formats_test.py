#!/usr/bin/env python3
"""The formats of `gordian run` and `gordian report` from outside: where they are written, when, and what happens when they
cannot be.

    formats_test.py GORDIAN LIBGORDIAN LOCKER [Class.test...]
"""

import fcntl
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
import xml.etree.ElementTree

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402

GORDIAN, LIBRARY, LOCKER = [os.path.abspath(path) for path in sys.argv[1:4]]
del sys.argv[1:4]

DEADLINE_S = 60
FORMATS = ("json", "text", "sarif", "junit", "jsonl", "github", "gitlab")


class FormatsTest(unittest.TestCase):
    def setUp(self):
        self.scratch = os.path.realpath(tempfile.mkdtemp(prefix="formats-test-"))
        self.environment = dict(os.environ, GORDIAN_LIBRARY=LIBRARY, TMPDIR=self.scratch)
        self.environment.pop("LD_PRELOAD", None)

    def tearDown(self):
        subprocess.run(["rm", "-rf", self.scratch], check=True)

    def path(self, name):
        return os.path.join(self.scratch, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def gordian(self, *arguments, **options):
        return subprocess.run([GORDIAN, *arguments], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=DEADLINE_S, check=False, **options)

    def start(self, *arguments):
        return subprocess.Popen([GORDIAN, *arguments], env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True, process_group=0)

    def wait_for_lines(self, name, count):
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            if os.path.exists(self.path(name)) and self.read(name).count("\n") >= count:
                return self.read(name).splitlines()
            time.sleep(0.02)
        raise AssertionError(f"{name} has not {count} lines: {self.read(name)}")


class WrittenTest(FormatsTest):
    def check_reports(self, name_of):
        """Every format tells of the same finding."""
        finding, = json.loads(self.read(name_of("json")))["findings"]
        self.assertEqual(finding["kind"], "deadlock.potential")
        run, = json.loads(self.read(name_of("sarif")))["runs"]
        result, = run["results"]
        self.assertEqual((result["ruleId"], result["level"]), ("deadlock.potential", "warning"))
        self.assertEqual(result["partialFingerprints"]["gordianId/v1"], finding["id"])
        self.assertEqual(result["locations"][0]["physicalLocation"]["artifactLocation"],
                         {"uri": "tests/cli/locker.c", "uriBaseId": "SRCROOT"})
        root = xml.etree.ElementTree.fromstring(self.read(name_of("junit")))
        case, = root.iter("testcase")
        self.assertIn(finding["id"], case.get("name"))
        self.assertEqual((case.get("file"), case.find("failure").get("type")), ("tests/cli/locker.c", "deadlock.potential"))
        lines = [json.loads(line) for line in self.read(name_of("jsonl")).splitlines()]
        self.assertEqual([line["event"] for line in lines], ["start", "finding", "end"])
        self.assertEqual(lines[1]["finding"]["id"], finding["id"])
        self.assertRegex(self.read(name_of("github")), r"\A::warning file=tests/cli/locker\.c,line=\d+,title=[^\n]*::[^\n]*\n\Z")
        entry, = json.loads(self.read(name_of("gitlab")))
        self.assertEqual((entry["fingerprint"], entry["location"]["path"]), (finding["id"], "tests/cli/locker.c"))
        self.assertIn(finding["id"], self.read(name_of("text")))
        return run

    def test_each_is_written_by_its_option(self):
        options = [word for name in FORMATS for word in (f"--{name}", self.path(name))]
        result = self.gordian("run", *options, "--", LOCKER, "orders")
        self.assertEqual(result.returncode, 66, result.stderr)
        invocation, = self.check_reports(lambda name: name)["invocations"]
        self.assertEqual((invocation["arguments"], invocation["exitCode"]), (["orders"], 0))
        self.assertTrue(invocation["executionSuccessful"])

    def test_all_are_written_into_a_directory_and_from_recordings(self):
        files = {"json": "report.json", "text": "report.txt", "sarif": "report.sarif", "junit": "report.junit.xml",
                 "jsonl": "report.jsonl", "github": "report.github.txt", "gitlab": "report.gitlab.json",
                 "html": "report.html", "dot": "report.dot"}
        self.assertEqual(self.gordian("run", "--out", self.path("first"), "--", LOCKER, "orders").returncode, 66)
        self.check_reports(lambda name: os.path.join("first", files[name]))
        result = self.gordian("report", self.path("first"), "--out", self.path("second"))
        self.assertEqual(result.returncode, 66, result.stderr)
        invocation, = self.check_reports(lambda name: os.path.join("second", files[name]))["invocations"]
        self.assertNotIn("exitCode", invocation)
        self.assertEqual(sorted(os.listdir(self.path("second"))), sorted(files.values()))

    def test_a_run_that_says_nothing_is_no_success_anywhere(self):
        result = self.gordian("run", "--sarif", self.path("sarif"), "--junit", self.path("junit"), "--github", self.path("github"),
                              "--", "true")
        self.assertEqual(result.returncode, 0, result.stderr)
        invocation, = json.loads(self.read("sarif"))["runs"][0]["invocations"]
        self.assertFalse(invocation["executionSuccessful"])
        self.assertEqual(xml.etree.ElementTree.fromstring(self.read("junit")).get("errors"), "1")
        self.assertTrue(self.read("github").startswith("::error "))

    def test_files_are_relative_to_the_top_of_the_work_tree(self):
        os.makedirs(self.path("tree/.git"))
        os.makedirs(self.path("tree/deep/down"))
        for directory, root in (("tree/deep/down", "tree"), ("tree", "tree"), (".", ".")):
            result = self.gordian("run", "--sarif", self.path("sarif"), "--", LOCKER, "orders",
                                  cwd=self.path(directory))
            self.assertEqual(result.returncode, 66, result.stderr)
            bases = json.loads(self.read("sarif"))["runs"][0]["originalUriBaseIds"]
            self.assertEqual(bases["SRCROOT"]["uri"], "file://" + os.path.realpath(self.path(root)) + "/")


class StreamTest(FormatsTest):
    PROGRAM = f"{LOCKER} orders; read line; exit 3"

    def test_a_finding_is_there_while_the_program_runs(self):
        process = self.start("run", "--exit-code", "5", "--jsonl", self.path("stream"), "--", "sh", "-c", self.PROGRAM)
        lines = [json.loads(line) for line in self.wait_for_lines("stream", 2)]
        self.assertIsNone(process.poll())
        self.assertEqual([line["event"] for line in lines], ["start", "finding"])
        self.assertEqual(lines[0]["run"]["argv"], ["sh", "-c", self.PROGRAM])
        self.assertIsNone(lines[0]["run"]["exit"])
        process.communicate("\n", timeout=DEADLINE_S)
        self.assertEqual(process.returncode, 5)
        lines = [json.loads(line) for line in self.read("stream").splitlines()]
        self.assertEqual([line["event"] for line in lines], ["start", "finding", "end"])
        self.assertEqual(lines[2]["run"]["exit"], 3)
        self.assertEqual(lines[2]["findings"], [{"id": lines[1]["finding"]["id"], "count": 1}])

    def test_it_goes_to_standard_output_line_by_line(self):
        process = self.start("run", "--jsonl", "-", "--", "sh", "-c", self.PROGRAM)
        events = [json.loads(process.stdout.readline())["event"] for _ in range(2)]
        self.assertEqual(events, ["start", "finding"])
        self.assertIsNone(process.poll())
        rest, _ = process.communicate("\n", timeout=DEADLINE_S)
        self.assertEqual(json.loads(rest)["event"], "end")

    def test_what_was_written_stays_when_the_command_is_killed(self):
        process = self.start("run", "--jsonl", self.path("stream"), "--", "sh", "-c", self.PROGRAM)
        self.wait_for_lines("stream", 2)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=DEADLINE_S)
        lines = self.read("stream").splitlines(keepends=True)
        self.assertEqual([json.loads(line)["event"] for line in lines], ["start", "finding"])
        self.assertTrue(lines[-1].endswith("\n"))

    def test_a_reader_that_goes_away_is_told_and_the_program_runs_on(self):
        process = subprocess.Popen([GORDIAN, "run", "--jsonl", "-", "--", "sh", "-c", f"read line; {LOCKER} orders >&2; echo on >&2"],
                                   env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        self.assertEqual(json.loads(process.stdout.readline())["event"], "start")
        process.stdout.close()
        process.stdin.write("\n")
        process.stdin.close()
        told = process.stderr.read()
        process.stderr.close()
        self.assertEqual(process.wait(DEADLINE_S), 125)
        self.assertIn("on\n", told)
        self.assertEqual(told.count("gordian: cannot write to standard output: Broken pipe\n"), 1)


class TerminalTest(FormatsTest):
    """The text follows the terminal that it is printed to."""

    def shown(self, columns, program=LOCKER, **environment):
        """What a terminal of so many columns gets of a run."""
        leader, follower = os.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        base = {key: value for key, value in self.environment.items() if key not in ("NO_COLOR", "LC_ALL", "LANG", "LC_CTYPE")}
        process = subprocess.Popen([GORDIAN, "run", "--", program, "orders"], stdin=subprocess.DEVNULL, stdout=follower,
                                   stderr=follower, env=dict(base, **environment))
        os.close(follower)
        text = b""
        try:
            while chunk := os.read(leader, 65536):
                text += chunk
        except OSError:  # EIO: the last one has closed it
            pass
        os.close(leader)
        self.assertEqual(process.wait(DEADLINE_S), 66)
        return text.decode("utf-8").replace("\r\n", "\n")

    def test_colour_is_for_terminals_that_can_and_may(self):
        self.assertIn("\033[1;33mgordian: deadlock possible", self.shown(80, TERM="xterm"))
        self.assertIn("\033[", self.shown(80, TERM="xterm", NO_COLOR=""))
        for environment in ({"TERM": "dumb"}, {"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "xterm", "NO_COLOR": "0"}):
            self.assertNotIn("\033", self.shown(80, **environment))
        self.assertNotIn("\033", self.gordian("run", "--", LOCKER, "orders").stderr)

    def test_lines_are_as_wide_as_the_terminal(self):
        for columns in (50, 90):
            text = self.shown(columns, TERM="dumb")
            lengths = [len(line) for line in text.splitlines() if not line.startswith("        ")]
            self.assertLessEqual(max(lengths), columns, text)
            self.assertGreater(max(lengths), columns - 20, text)
        self.assertGreater(max(map(len, self.gordian("run", "--", LOCKER, "orders").stderr.splitlines())), 90)

    def test_a_terminal_without_utf8_gets_ascii(self):
        program = shutil.copy(LOCKER, self.path("schlo\u00df"))
        self.assertIn("schlo\u00df (pid", self.shown(200, program, TERM="dumb", LC_ALL="C.UTF-8"))
        self.assertIn("schlo\\u{df} (pid", self.shown(200, program, TERM="dumb", LC_ALL="C"))


class FailureTest(FormatsTest):
    def test_a_path_that_cannot_be_written_stops_before_the_program_starts(self):
        for name in FORMATS:
            for path in ("/no/dir/report", self.scratch, ""):
                with self.subTest(format=name, path=path):
                    result = self.gordian("run", f"--{name}", path, "--", "touch", self.path("started"))
                    self.assertEqual((result.returncode, result.stdout), (125, ""))
                    self.assertTrue(result.stderr.startswith(f"gordian: cannot write {path}: "), result.stderr)
                    self.assertEqual(result.stderr.count("\n"), 1)
                    self.assertFalse(os.path.exists(self.path("started")))

    def test_a_full_disk_is_told_once_and_the_report_goes_to_stderr(self):
        self.assertEqual(self.gordian("run", "--out", self.path("out"), "--", LOCKER, "orders").returncode, 66)
        for name in FORMATS:
            for command in (["run", f"--{name}", "/dev/full", "--", LOCKER, "orders"],
                            ["report", f"--{name}", "/dev/full", self.path("out")]):
                with self.subTest(format=name, command=command[0]):
                    result = self.gordian(*command)
                    self.assertEqual(result.returncode, 125)
                    self.assertEqual(result.stderr.count("gordian: cannot write /dev/full: No space left on device\n"), 1)
                    self.assertIn("warning deadlock.potential (cycle), id ", result.stderr)

    def test_two_formats_cannot_share_an_output(self):
        result = self.gordian("run", "--sarif", "-", "--jsonl", "-", "--", "true")
        self.assertEqual((result.returncode, result.stderr),
                         (125, "gordian: --sarif and --jsonl: both name the same output\n"))


if __name__ == "__main__":
    check.main()
