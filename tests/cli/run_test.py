#!/usr/bin/env python3
"""`gordian run` from outside: its exit statuses, its outputs, and that the program runs as it would without it.

    run_test.py GORDIAN LIBGORDIAN LIBFAKE LOCKER [Class.test...]
"""

import json
import os
import re
import resource
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402

GORDIAN, LIBRARY, FAKE, LOCKER = [os.path.abspath(path) for path in sys.argv[1:5]]
del sys.argv[1:5]

STARTING, LIVE, ENDED, OFF = range(4)


class RunTest(unittest.TestCase):
    """A directory of its own for each test, which is TMPDIR for the command and must be left empty."""

    library = FAKE

    def setUp(self):
        self.scratch = tempfile.mkdtemp(prefix="run-test-")
        self.tmp = os.path.join(self.scratch, "tmp")
        os.mkdir(self.tmp)
        self.environment = dict(os.environ, GORDIAN_LIBRARY=self.library, TMPDIR=self.tmp)
        self.environment.pop("LD_PRELOAD", None)

    def tearDown(self):
        subprocess.run(["rm", "-rf", self.scratch], check=True)

    def path(self, name):
        return os.path.join(self.scratch, name)

    def file(self, name, content, mode=0o755):
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(self.path(name), mode)
        return self.path(name)

    def gordian(self, *arguments, **options):
        options.setdefault("env", self.environment)
        options.setdefault("stdin", subprocess.DEVNULL)
        if "input" in options:
            del options["stdin"]
        return subprocess.run([GORDIAN, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=60, check=False, **options)

    def start(self, *arguments, **options):
        options.setdefault("env", self.environment)
        return subprocess.Popen([GORDIAN, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, **options)

    def check_refused(self, status, *pieces, arguments, **options):
        """One line, at most one line of advice, nothing on stdout, and nothing left behind."""
        result = self.gordian(*arguments, **options)
        lines = result.stderr.splitlines()
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertIn(len(lines), (1, 2), result.stderr)
        self.assertTrue(lines[0].startswith("gordian: "), lines[0])
        self.assertTrue(len(lines) == 1 or lines[1].startswith("  "), result.stderr)
        for piece in pieces:
            self.assertIn(piece, lines[0])
        self.assertEqual(result.stdout, "")
        self.assertEqual(os.listdir(self.tmp), [])


class StatusTest(RunTest):
    def test_the_programs_own_status(self):
        for status in (0, 1, 7, 66, 125, 255):
            with self.subTest(status=status):
                self.assertEqual(self.gordian("run", "--", "sh", "-c", f"exit {status}").returncode, status)

    def test_128_and_the_signal(self):
        for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGABRT):
            with self.subTest(signal=number):
                result = self.gordian("run", "--", "sh", "-c", f"kill -{int(number)} $$")
                self.assertEqual(result.returncode, 128 + number)

    def test_the_separator_may_be_left_out(self):
        self.assertEqual(self.gordian("run", "sh", "-c", "exit 9").returncode, 9)

    def test_options_after_the_program_are_the_programs(self):
        result = self.gordian("run", "--no-children", "echo", "--json", "x", "--", "--full")
        self.assertEqual((result.returncode, result.stdout), (0, "--json x -- --full\n"))

    def test_not_found(self):
        self.check_refused(127, "/no/such/program", "no such program", arguments=["run", "--", "/no/such/program"])
        self.check_refused(127, "no-such-program", "PATH", arguments=["run", "no-such-program"])

    def test_not_executable(self):
        self.check_refused(126, "/etc/passwd", arguments=["run", "--", "/etc/passwd"])
        self.check_refused(126, "directory", arguments=["run", "--", "/etc"])
        garbage = self.file("garbage", b"\1\2\0\3garbage\n")
        self.check_refused(126, garbage, "neither an ELF program nor a script", arguments=["run", garbage])

    def elf(self, machine, type_of_file):
        header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", type_of_file, machine, 1, 0, 64, 0, 0, 64, 56, 1, 0,
                             0, 0)
        return header + struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 120, 120, 4096)

    def test_what_cannot_be_watched(self):
        static = self.file("static", self.elf(62, 2))
        self.check_refused(125, static, "static", arguments=["run", "--", static])
        foreign = self.file("foreign", self.elf(183, 3))
        self.check_refused(125, foreign, "foreign architecture", "AArch64", arguments=["run", "--", foreign])
        script = self.file("script", f"#!{static}\n")
        self.check_refused(125, static, "static", arguments=["run", "--", script])

    def test_a_truncated_program(self):
        with open("/bin/sh", "rb") as file:
            content = file.read()
        for size in (10, 50, 100, 500, 5000):
            with self.subTest(size=size):
                cut = self.file("cut", content[:size])
                self.check_refused(126, cut, "not a whole ELF program", arguments=["run", "--", cut])

    def test_scripts(self):
        script = self.file("script", "#!/bin/sh\nexit 3\n")
        self.assertEqual(self.gordian("run", script).returncode, 3)
        text = self.file("text", 'echo "$0 $1"; exit 4\n')
        result = self.gordian("run", text, "one")
        self.assertEqual((result.returncode, result.stdout), (4, f"{text} one\n"))

    def test_unknown_and_wrong_options(self):
        for options in (["--no-such-option"], ["-x"], ["--pdf", "x"], ["--json"], ["--full=1"], ["--exit-code", "256"],
                        ["--exit-code", "x"], ["--exit-code", "-1"], ["--on-deadlock", "explode"], []):
            with self.subTest(options=options):
                self.check_refused(125, arguments=["run", *options])

    def test_wrong_subcommands(self):
        self.check_refused(125, "no subcommand", arguments=[])
        self.check_refused(125, "no such subcommand", arguments=["walk"])
        self.check_refused(125, "unknown option", arguments=["--walk"])
        self.check_refused(125, "no such subcommand", arguments=["help", "walk"])
        self.assertEqual(self.gordian("rnu").stderr, "gordian: rnu: no such subcommand\n  did you mean gordian run?\n")
        self.assertEqual(self.gordian("help", "rnu").stderr,
                         "gordian: rnu: no such subcommand\n  did you mean gordian help run?\n")
        self.assertEqual(self.gordian("/bin/ls").stderr,
                         "gordian: /bin/ls: no such subcommand\n  to run a program: gordian run -- /bin/ls\n")

    def test_the_first_impression(self):
        self.assertEqual(self.gordian().stderr,
                         "gordian: no subcommand: to find the deadlocks of a program: gordian run -- PROG ARG...\n"
                         "  gordian help shows what else there is\n")
        self.assertEqual(self.gordian("run").stderr,
                         "gordian: run: no program is given\n  for example: gordian run -- ./server --port 8080\n")
        self.assertEqual(self.gordian("run", "--jsno", "x", "--", "true").stderr,
                         "gordian: run: unknown option: --jsno\n"
                         "  did you mean --json? gordian help run lists the options\n")
        self.assertEqual(self.gordian("run", "--json", "--", "true").stderr,
                         "gordian: run: this option needs a value: --json\n  gordian help run lists the options\n")
        self.assertEqual(self.gordian("run", "--on-deadlock", "explode", "true").stderr,
                         "gordian: --on-deadlock: 'explode' is not one of: stop abort continue\n")

    def test_version_and_help(self):
        self.assertEqual(self.gordian("--version").stdout, "gordian 0.1.0\n")
        for arguments in (["help"], ["--help"], ["help", "run"], ["run", "--help"], ["help", "report"], ["help", "ps"],
                          ["help", "dump"], ["help", "help"]):
            with self.subTest(arguments=arguments):
                result = self.gordian(*arguments)
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertIn("gordian", result.stdout)
                self.assertIn("Example", result.stdout)
        with open("/dev/full", "w", encoding="ascii") as full:
            self.assertEqual(subprocess.run([GORDIAN, "help"], stdout=full, stderr=subprocess.DEVNULL,
                                            check=False).returncode, 125)


class QuietTest(RunTest):
    library = LIBRARY

    def test_findings_are_told_and_nothing_else(self):
        loud = self.gordian("run", "--", LOCKER, "orders")
        quiet = self.gordian("run", "--quiet", "--", LOCKER, "orders")
        self.assertEqual((loud.returncode, quiet.returncode), (66, 66), loud.stderr)
        self.assertIn("\ngordian: 1 finding: ", loud.stderr)
        self.assertNotIn("1 finding", quiet.stderr)
        self.assertTrue(quiet.stderr.startswith("gordian: deadlock possible: "), quiet.stderr)

    def test_a_clean_run_says_nothing(self):
        result = self.gordian("run", "--quiet", "--", LOCKER, "clean")
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_what_went_wrong_is_told(self):
        self.assertEqual(self.gordian("run", "--quiet", "--", "true").stderr,
                         "gordian: no lock event was seen: this run says nothing\n")
        self.check_refused(127, "no such program", arguments=["run", "--quiet", "--", "/no/such/program"])

    def test_a_program_is_not_overwritten(self):
        script = self.file("script", "#!/bin/sh\nexit 3\n")
        for option in ("--json", "--text"):
            self.check_refused(125, script, "it is a program", arguments=["run", option, script, "true"])
        with open(script, encoding="ascii") as file:
            self.assertEqual(file.read(), "#!/bin/sh\nexit 3\n")


class HandshakeTest(RunTest):
    def test_a_library_that_is_not_loaded_is_told(self):
        self.environment["FAKE_STATE"] = str(STARTING)
        result = self.gordian("run", "true")
        self.assertEqual(result.returncode, 125)
        self.assertIn("libgordian.so was not loaded into it", result.stderr)

    def test_no_recording_at_all_is_told(self):
        self.environment["GORDIAN_LIBRARY"] = "/bin/true"  # an ELF file; the loader refuses to preload it
        result = self.gordian("run", "true")
        self.assertEqual(result.returncode, 125)
        self.assertIn("libgordian.so was not loaded into it", result.stderr)

    def test_a_library_that_turned_itself_off_is_told(self):
        self.environment["FAKE_STATE"] = str(OFF)
        result = self.gordian("run", "true")
        self.assertEqual(result.returncode, 125)
        self.assertIn("gordian turned itself off in the program: the test says so", result.stderr)

    def test_a_full_disk_during_the_run_is_told_and_the_recording_kept(self):
        self.environment["FAKE_LOST"] = "1"
        result = self.gordian("run", "true")
        self.assertEqual(result.returncode, 125)
        self.assertIn("is incomplete: the file system is full", result.stderr)
        kept = re.search(r"gordian report (\S+)/\*\.rec", result.stderr)[1]
        self.assertEqual(len(os.listdir(kept)), 1)

    def test_a_run_without_lock_events_says_so(self):
        result = self.gordian("run", "true")
        self.assertEqual(result.returncode, 0)
        self.assertIn("no lock event was seen", result.stderr)

    def test_a_missing_library_is_told(self):
        self.environment["GORDIAN_LIBRARY"] = self.path("nothing")
        self.check_refused(125, "GORDIAN_LIBRARY", arguments=["run", "true"])
        self.environment["GORDIAN_LIBRARY"] = self.file("text", "no library")
        self.check_refused(125, "GORDIAN_LIBRARY", arguments=["run", "true"])

    def test_a_path_that_preloading_cannot_name(self):
        os.mkdir(self.path("a b:c"))
        link = self.path("a b:c/libgordian.so")
        with open(FAKE, "rb") as library:
            self.file("a b:c/libgordian.so", library.read())
        self.environment["GORDIAN_LIBRARY"] = link
        result = self.gordian("run", "sh", "-c", "exit 3")
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertEqual(os.listdir(self.tmp), [])
        self.environment["TMPDIR"] = self.path("a b:c")
        self.check_refused(125, "LD_PRELOAD", arguments=["run", "true"])


class OutputTest(RunTest):
    def test_every_output_is_written(self):
        out = self.path("results/deep")
        result = self.gordian("run", "--json", self.path("r.json"), "--text", self.path("r.txt"), "--out", out, "--",
                              "sh", "-c", "exit 3")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (3, "", ""))
        for name in (self.path("r.json"), os.path.join(out, "report.json")):
            with open(name, encoding="utf-8") as file:
                document = json.load(file)
            self.assertEqual(document["run"]["argv"], ["sh", "-c", "exit 3"])
            self.assertEqual(document["run"]["exit"], 3)
        for name in (self.path("r.txt"), os.path.join(out, "report.txt")):
            with open(name, encoding="utf-8") as file:
                self.assertIn("no lock event was seen", file.read())
        recordings = [name for name in os.listdir(out) if name.endswith(".rec")]
        self.assertEqual(len(recordings), 1, os.listdir(out))
        self.assertEqual(sorted(os.listdir(out)), sorted(recordings + [
            "report.dot", "report.github.txt", "report.gitlab.json", "report.html", "report.json", "report.jsonl", "report.junit.xml",
            "report.sarif", "report.txt"]))
        self.assertEqual(os.listdir(self.tmp), [])

    def test_old_recordings_in_the_directory_are_left_alone(self):
        out = self.path("results")
        for _ in range(2):
            self.assertEqual(self.gordian("run", "--out", out, "true").returncode, 0)
            with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
                self.assertEqual(len(json.load(file)["processes"]), 1)
        self.assertEqual(len([name for name in os.listdir(out) if name.endswith(".rec")]), 2)

    def test_standard_output(self):
        result = self.gordian("run", "--json", "-", "--", "echo", "hello")
        first, _, rest = result.stdout.partition("\n")
        self.assertEqual(first, "hello")
        self.assertEqual(json.loads(rest)["schema"], "gordian-report/1")
        result = self.gordian("run", "--text", "-", "--", "echo", "hello")
        self.assertIn("no lock event was seen", result.stdout)
        self.assertEqual(result.stderr, "")

    def test_a_path_that_cannot_be_written_stops_before_the_program_starts(self):
        mark = self.path("started")
        for options in (["--json", "/no/dir/r.json"], ["--text", "/no/dir/r.txt"], ["--out", "/dev/null/dir"],
                        ["--json", self.scratch], ["--out", self.file("plain", "")], ["--json", ""]):
            with self.subTest(options=options):
                self.check_refused(125, "cannot", arguments=["run", *options, "--", "touch", mark])
                self.assertFalse(os.path.exists(mark))
        self.check_refused(125, arguments=["run", "--json", "-", "--text", "-", "--", "touch", mark])
        self.assertFalse(os.path.exists(mark))

    def test_a_temporary_directory_that_cannot_be_used(self):
        self.environment["TMPDIR"] = "/no/dir"
        self.check_refused(125, "/no/dir", arguments=["run", "true"])

    def test_a_full_disk_at_the_end(self):
        result = self.gordian("run", "--json", "/dev/full", "--", "sh", "-c", "exit 3")
        self.assertEqual(result.returncode, 125)
        self.assertIn("gordian: cannot write /dev/full: No space left on device\n", result.stderr)
        self.assertIn("no lock event was seen", result.stderr)  # the report itself
        kept = re.search(r"gordian report (\S+)/\*\.rec", result.stderr)[1]
        self.assertEqual(len(os.listdir(kept)), 1)

    def test_no_room_for_a_recording(self):
        mark = self.path("started")
        self.check_refused(125, "cannot record", "File too large", arguments=["run", "--", "touch", mark],
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)))
        self.assertFalse(os.path.exists(mark))

    def test_a_reader_that_has_gone(self):
        process = self.start("run", "--text", "-", "--", "sh", "-c", "sleep 0.2; exit 3")
        process.stdout.close()
        _, error = process.stderr.read(), process.wait(timeout=30)
        self.assertEqual(process.returncode, 125)
        process.stdin.close()
        process.stderr.close()


class TransparencyTest(RunTest):
    def both(self, program, **options):
        """What the program prints alone, and under gordian."""
        alone = subprocess.run(program, stdout=subprocess.PIPE, env=self.environment, check=False, text=True, **options)
        under = self.gordian("run", "--", *program, **options)
        self.assertEqual(under.returncode, alone.returncode)
        return alone.stdout, under.stdout

    def test_input_passes_through(self):
        text = "line\n" * 100000
        self.assertEqual(self.gordian("run", "cat", input=text).stdout, text)

    def test_stderr_passes_through(self):
        self.assertTrue(self.gordian("run", "sh", "-c", "echo problem >&2").stderr.startswith("problem\n"))

    def test_arguments_pass_through(self):
        arguments = ["", " ", "a\nb", "*", "--", "-x", "\u00e9"]
        result = self.gordian("run", sys.executable, "-c", "import sys; print(sys.argv[1:])", *arguments)
        self.assertEqual(result.stdout, f"{arguments}\n")

    def test_signal_mask_and_dispositions(self):
        def prepare():
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGTERM])
        alone, under = self.both(["grep", "-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"], preexec_fn=prepare)
        self.assertEqual(alone, under)
        alone, under = self.both(["grep", "-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"], restore_signals=True)
        self.assertEqual(alone, under)

    def test_descriptors(self):
        alone, under = self.both(["sh", "-c", "ls /proc/$$/fd"])
        self.assertEqual(alone, under)

    def test_closed_standard_descriptors_stay_closed(self):
        for closed in (0, 1, 2):
            with self.subTest(closed=closed):
                result = self.gordian("run", "--json", self.path("r.json"), "sh", "-c", """
                    s=0
                    for fd in 0 1 2; do test -e /proc/$$/fd/$fd && s=$((s * 10 + fd + 1)); done
                    exit $s""", preexec_fn=lambda fd=closed: os.close(fd))
                self.assertEqual(result.returncode, {0: 23, 1: 13, 2: 12}[closed])
                with open(self.path("r.json"), encoding="utf-8") as file:
                    json.load(file)

    def test_directory_umask_and_limits(self):
        alone, under = self.both(["sh", "-c", "pwd; umask; ulimit -n; ulimit -c"], cwd="/", umask=0o027)
        self.assertEqual(alone, under)

    def test_a_group_of_its_own(self):
        pid, group = self.gordian("run", "sh", "-c", "ps -o pid=,pgid= -p $$").stdout.split()
        self.assertEqual(pid, group)

    def test_the_programs_parents_may_ignore_their_children(self):
        result = self.gordian("run", "sh", "-c", "exit 3",
                              preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertEqual(result.returncode, 3)

    def test_environment(self):
        self.environment.update(LD_PRELOAD_OTHER="1", GORDIAN_OPTIONS="stack_depth=9", ASAN_OPTIONS="color=never",
                                TSAN_OPTIONS="history_size=7")
        alone, under = self.both(["env"])
        changed = ("LD_PRELOAD=", "GORDIAN_OPTIONS=", "ASAN_OPTIONS=", "TSAN_OPTIONS=", "_=")

        def others(text):
            return sorted(line for line in text.splitlines() if not line.startswith(changed))
        self.assertEqual(others(alone), others(under))
        self.assertIn(f"LD_PRELOAD={os.path.realpath(FAKE)}\n", under)
        self.assertRegex(under, "GORDIAN_OPTIONS=stack_depth=9:dir=.*:quiet=1:.*:children=1\n")
        self.assertIn("ASAN_OPTIONS=color=never:verify_asan_link_order=0\n", under)
        self.assertRegex(under, "TSAN_OPTIONS=second_deadlock_stack=1:.*:history_size=7:log_path=.*:exitcode=0:abort_on_error=1\n")

    def test_no_children_is_passed_on(self):
        self.assertIn(":children=0\n", self.gordian("run", "--no-children", "env").stdout)


class SignalTest(RunTest):
    def test_signals_reach_the_program(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2,
                       signal.SIGWINCH, signal.SIGALRM, signal.SIGCONT, signal.SIGRTMIN + 3):
            with self.subTest(signal=number):
                process = self.start("run", sys.executable, "-c", f"""
import signal, sys, time
signal.signal({int(number)}, lambda n, f: sys.exit(40))
print("ready", flush=True)
time.sleep(20)
""")
                self.assertEqual(process.stdout.readline(), "ready\n")
                process.send_signal(number)
                process.communicate(timeout=30)
                self.assertEqual(process.returncode, 40)

    def test_a_signal_that_the_program_dies_of(self):
        process = self.start("run", "sh", "-c", "echo ready; exec sleep 20")
        process.stdout.readline()
        process.terminate()
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)
        self.assertEqual(os.listdir(self.tmp), [])

    def test_ignored_signals_stay_ignored(self):
        process = self.start("run", "sh", "-c", "echo ready; sleep 0.5; exit 3",
                             preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 3)

    def test_background_processes_are_not_waited_for(self):
        begin = time.monotonic()
        result = self.gordian("run", "sh", "-c", "sleep 3 >/dev/null 2>&1 & sleep 0.3; exit 3")
        self.assertEqual(result.returncode, 3)
        self.assertLess(time.monotonic() - begin, 2)
        self.assertIn("the program left 1 process running", result.stderr)
        kept = re.search(r"gordian report (\S+)/\*\.rec", result.stderr)[1]
        self.assertEqual(stat.S_IMODE(os.stat(kept).st_mode), 0o700)


class DeadlockTest(RunTest):
    """With the real library: what is found, when it is told, and what becomes of the program."""

    library = LIBRARY

    def run_locker(self, *arguments):
        """Run and return (exit status, stderr, kinds found, seconds)."""
        out = self.path("report.json")
        begin = time.monotonic()
        result = self.gordian("run", "--json", out, *arguments)
        seconds = time.monotonic() - begin
        with open(out, encoding="utf-8") as file:
            document = json.load(file)
        self.assertEqual(os.listdir(self.tmp), [])
        return result.returncode, result.stderr, [finding["kind"] for finding in document["findings"]], seconds

    def no_locker_is_left(self):
        time.sleep(0.1)
        return subprocess.run(["pgrep", "-f", f"{LOCKER} .*{self.scratch}"], stdout=subprocess.DEVNULL,
                              check=False).returncode == 1

    def test_a_clean_run_is_short_about_it(self):
        status, error, kinds, _ = self.run_locker("--", LOCKER, "clean")
        self.assertEqual((status, kinds), (0, []))
        self.assertIn(len(error.splitlines()), (1, 2), error)
        self.assertNotIn("no lock event", error)

    def test_a_potential_deadlock(self):
        status, error, kinds, _ = self.run_locker("--", LOCKER, "orders")
        self.assertEqual((status, kinds), (66, ["deadlock.potential"]))
        self.assertIn("locker.c", error)
        self.assertIn("left", error)
        self.assertIn("right", error)

    def test_the_exit_status_can_be_chosen(self):
        self.assertEqual(self.run_locker("--exit-code", "9", "--", LOCKER, "orders")[0], 9)
        self.assertEqual(self.run_locker("--exit-code", "9", "--", LOCKER, "clean")[0], 0)
        self.assertEqual(self.run_locker("--exit-code", "0", "--", LOCKER, "orders")[0], 0)

    def test_a_finding_is_told_at_once(self):
        process = self.start("run", "--", LOCKER, "orders_stay", "20")
        begin = time.monotonic()
        line = process.stderr.readline()
        self.assertLess(time.monotonic() - begin, 3)
        self.assertIn("deadlock", line)
        process.terminate()
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 66)

    def test_a_finding_is_told_to_a_command_that_gets_no_notice(self):
        # A program that drops its privileges cannot open the FIFO.
        process = self.start("run", "--", LOCKER, "orders_stay", "20")
        notify = []
        while not notify:
            notify = [path for name in os.listdir(self.tmp)
                      if os.path.exists(path := os.path.join(self.tmp, name, "notify"))]
        os.unlink(notify[0])
        begin = time.monotonic()
        line = process.stderr.readline()
        self.assertLess(time.monotonic() - begin, 3)
        self.assertIn("deadlock", line)
        process.terminate()
        process.communicate(timeout=30)

    def test_a_deadlock_ends_the_program(self):
        status, error, kinds, seconds = self.run_locker("--", LOCKER, "stuck", self.scratch)
        self.assertEqual((status, kinds), (66, ["deadlock.actual"]))
        self.assertLess(seconds, 2)
        self.assertTrue(self.no_locker_is_left())
        self.assertIn("locker.c", error)

    def test_a_deadlock_in_a_child_ends_the_program(self):
        status, _, kinds, seconds = self.run_locker("--", LOCKER, "stuck_child", self.scratch)
        self.assertEqual((status, kinds), (66, ["deadlock.actual"]))
        self.assertLess(seconds, 2)
        self.assertTrue(self.no_locker_is_left())

    def test_a_deadlock_ends_the_whole_group(self):
        mark = self.path("mark")
        status, _, kinds, _ = self.run_locker("--", "sh", "-c", f"(sleep 1; touch {mark}) & {LOCKER} stuck")
        self.assertEqual((status, kinds), (66, ["deadlock.actual"]))
        time.sleep(1.2)
        self.assertFalse(os.path.exists(mark))

    def run_elsewhere(self, pid, *command):
        """Run a command with this pid in a namespace of its own."""
        number = f"echo {pid - 1} >/proc/sys/kernel/ns_last_pid"
        return self.run_locker("--", "unshare", "--user", "--map-root-user", "--pid", "--fork", "sh", "-c", f'{number}; "$@"; exit $?',
                               "sh", *command)

    def test_a_process_of_another_pid_namespace_is_not_taken_for_one_of_ours(self):
        with subprocess.Popen(["sleep", "60"]) as bystander:
            try:
                status, _, kinds, _ = self.run_elsewhere(bystander.pid, LOCKER, "stuck", self.scratch)
                self.assertEqual((status, kinds), (66, ["deadlock.actual"]))
                self.assertIsNone(bystander.poll())
                # It ends without having said so in its recording.
                status, error, kinds, _ = self.run_elsewhere(bystander.pid, LOCKER, "orders_end")
                self.assertEqual((status, kinds), (66, ["deadlock.potential"]))
                self.assertNotIn("running", error)
            finally:
                bystander.kill()
        self.assertTrue(self.no_locker_is_left())

    def test_abort(self):
        status, _, kinds, seconds = self.run_locker("--on-deadlock", "abort", "--", LOCKER, "stuck", self.scratch)
        self.assertEqual((status, kinds), (66, ["deadlock.actual"]))
        with open(self.path("report.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["run"]["exit"], 128 + signal.SIGABRT)
        self.assertLess(seconds, 2)

    def test_abort_of_a_program_that_ignores_it(self):
        status, _, kinds, seconds = self.run_locker("--on-deadlock", "abort", "--", LOCKER, "stuck_deaf", self.scratch)
        self.assertEqual((status, kinds), (66, ["deadlock.actual"]))
        self.assertTrue(4 < seconds < 10, seconds)
        self.assertTrue(self.no_locker_is_left())

    def test_continue(self):
        status, _, kinds, _ = self.run_locker("--on-deadlock", "continue", "--", LOCKER, "stuck_main_on", "1")
        self.assertEqual((status, kinds), (66, ["deadlock.actual"]))
        with open(self.path("report.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["run"]["exit"], 5)

    def test_children_are_left_alone_when_told_so(self):
        status, _, kinds, _ = self.run_locker("--no-children", "--", "sh", "-c", f"{LOCKER} orders; exit 4")
        self.assertEqual((status, kinds), (4, []))
        status, _, kinds, _ = self.run_locker("--", "sh", "-c", f"{LOCKER} orders; exit 4")
        self.assertEqual((status, kinds), (66, ["deadlock.potential"]))

    def test_findings_survive_a_full_disk(self):
        result = self.gordian("run", "--json", "/dev/full", "--text", self.path("r.txt"), "--", LOCKER, "orders")
        self.assertEqual(result.returncode, 125)
        self.assertIn("cannot write /dev/full", result.stderr)
        with open(self.path("r.txt"), encoding="utf-8") as file:
            self.assertIn("locker.c", file.read())

    def test_kept_recordings_can_be_reported_again(self):
        out = self.path("results")
        self.assertEqual(self.gordian("run", "--out", out, "--", LOCKER, "orders").returncode, 66)
        recordings = [os.path.join(out, name) for name in os.listdir(out) if name.endswith(".rec")]
        result = self.gordian("report", "--json", self.path("again.json"), *recordings)
        self.assertEqual(result.returncode, 66, result.stderr)
        with open(self.path("again.json"), encoding="utf-8") as again, \
             open(os.path.join(out, "report.json"), encoding="utf-8") as first:
            self.assertEqual([finding["id"] for finding in json.load(again)["findings"]],
                             [finding["id"] for finding in json.load(first)["findings"]])


if __name__ == "__main__":
    check.main()
