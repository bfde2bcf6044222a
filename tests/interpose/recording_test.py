#!/usr/bin/env python3
"""The recording outlives its process, and a program does not suffer where there is no place for one.

    recording_test.py GORDIAN LIBRARY FINDER [Class.test...]
"""

import glob
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import watched  # noqa: E402

GORDIAN, LIBRARY, FINDER = watched.paths(3)

KILLS = 100
TIMEOUT_S = 20
PRINTED = re.compile(r"^gordian: deadlock\.potential: ", re.M)


def limit_files(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


class RecordingTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="recording-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def recordings(self):
        return glob.glob(os.path.join(self.folder, "**", "*.rec"), recursive=True)

    def run_finder(self, name, choices="", directory=None, **options):
        return watched.preloaded(LIBRARY, [FINDER, name], directory or self.folder, choices, cwd=self.folder,
                                 timeout=TIMEOUT_S, **options)


class KilledTest(RecordingTest):
    def kill_after(self, seconds, number):
        """Returns how many findings the program printed before it was killed, and its recording."""
        directory = os.path.join(self.folder, str(number))
        os.mkdir(directory)
        environment = watched.environment(LD_PRELOAD=LIBRARY, GORDIAN_OPTIONS=f"dir={directory}")
        with open(os.path.join(directory, "stderr"), "w+", encoding="utf-8") as stderr:
            process = subprocess.Popen([FINDER, "many"], env=environment, stdout=subprocess.DEVNULL, stderr=stderr)
            time.sleep(seconds)
            process.kill()
            self.assertEqual(process.wait(), -signal.SIGKILL)
            stderr.seek(0)
            printed = len(PRINTED.findall(stderr.read()))
        return printed, glob.glob(directory + "/*.rec")

    def test_killed_at_any_moment(self):
        moments = random.Random(1)
        printed_in_all = 0
        for number in range(KILLS):
            with self.subTest(number):
                printed, recordings = self.kill_after(moments.uniform(0, 0.12), number)
                printed_in_all += printed
                report = watched.report_of(GORDIAN, recordings)
                if printed == 0 and report.status == 125:
                    continue  # killed before it had begun
                self.assertEqual(report.status, 66 if report.findings else 0, report)
                self.assertEqual(report.report["coverage"]["damage"], [])
                self.assertGreaterEqual(sum(finding.count for finding in report.findings), printed)
                for finding in report.findings:
                    self.assertEqual(len(finding.steps), 2)
                    self.assertTrue(all(side["stack"] for side in finding.sides))
        print(f"{printed_in_all} findings printed before {KILLS} kills")
        self.assertGreater(printed_in_all, 50 * KILLS)

    def test_killed_programs_can_be_dumped(self):
        _, recordings = self.kill_after(0.2, 0)
        dump = watched.execute([GORDIAN, "dump", *recordings])
        self.assertEqual((dump.status, dump.stderr), (0, ""))
        self.assertIn("no longer running", dump.stdout)


class PlaceTest(RecordingTest):
    """No directory, no right, no space: one line says so, and findings go to stderr, quiet or not."""

    def check_without_recording(self, directory, why):
        for choices in ("", "quiet=1"):
            run = self.run_finder("one", choices, directory)
            self.assertEqual((run.status, run.stdout), (0, "done\n"), run)
            self.assertEqual(run.stderr.splitlines()[0],
                             f"gordian: no recording in {directory}: {why}; findings go to stderr")
            self.assertEqual(len(PRINTED.findall(run.stderr)), 1, run)
        self.assertEqual(self.recordings(), [])

    def test_a_directory_that_does_not_exist(self):
        self.check_without_recording("/no/such/directory", "no such directory")

    def test_a_file_system_that_is_read_only(self):
        self.in_a_file_system("ro", "-o ro", "one")
        self.assertIn(": read-only file system; findings go to stderr\n", self.said)
        self.assertEqual(len(PRINTED.findall(self.said)), 1)

    def in_a_file_system(self, name, options, case):
        """Run a case with recordings in a file system of its own, which nobody else sees, and report on what is there."""
        place = os.path.join(self.folder, name)
        os.mkdir(place)
        script = f"""
            mount -t tmpfs {options} none {place} || exit 100
            LD_PRELOAD={LIBRARY} GORDIAN_OPTIONS=dir={place}:quiet={int("size" in options)} {FINDER} {case} || exit 101
            set -- {place}/*.rec
            test -e "$1" || exit 0
            {GORDIAN} report --exit-code 0 --json {place}.json "$@" >/dev/null || exit 102"""
        run = watched.execute(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script], cwd=self.folder,
                              timeout=TIMEOUT_S)
        self.assertEqual((run.status, run.stdout), (0, "done\n"), run)
        self.said = run.stderr

    def test_a_disk_that_is_full(self):
        for kib in (4, 8, 64, 72, 128, 136, 200, 512, 1024, 2048):
            with self.subTest(kib=kib):
                self.in_a_file_system(str(kib), f"-o size={kib}k", "some")
                printed = len(PRINTED.findall(self.said))
                reported, lost = 0, True
                path = os.path.join(self.folder, f"{kib}.json")
                if os.path.exists(path):
                    with open(path, encoding="utf-8") as file:
                        report = json.load(file)
                    reported = sum(finding["count"] for finding in report["findings"])
                    lost = "space" in report["processes"][0]["lost"]
                    self.assertEqual(report["coverage"]["damage"], [])
                # What has no place in the recording is printed, although the program was told to be quiet.
                self.assertGreaterEqual(printed + reported, 500)
                self.assertEqual(lost, printed > 0)
                if kib <= 72:
                    self.assertTrue(lost)

    def test_a_limit_on_the_size_of_files(self):
        for limit in (0, 4096, 65536, 1 << 20, 8 << 20):
            with self.subTest(limit=limit):
                run = subprocess.run([FINDER, "some"], check=False, capture_output=True, text=True, timeout=TIMEOUT_S,
                                     env=watched.environment(LD_PRELOAD=LIBRARY, GORDIAN_OPTIONS=f"dir={self.folder}:quiet=1"),
                                     preexec_fn=lambda limit=limit: limit_files(limit))
                self.assertEqual((run.returncode, run.stdout), (0, "done\n"), run)
                if limit <= 4096:
                    self.assertEqual(len(PRINTED.findall(run.stderr)), 500)
                    self.assertIn("the file size limit is too small; findings go to stderr\n", run.stderr)

    def test_a_limit_on_the_size_of_files_that_stderr_reaches(self):
        # The signal that comes then would be the program's death.
        run = self.run_finder("some", preexec_fn=lambda: limit_files(65536))
        self.assertEqual((run.status, run.stdout), (0, "done\n"), run.status)
        self.assertLessEqual(len(run.stderr), 65536)

    def test_few_descriptors(self):
        for limit in (4, 5, 8):  # 4 are what the loader needs
            with self.subTest(limit=limit):
                def set_limit(limit=limit):
                    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
                alone = watched.alone([FINDER, "next_descriptor"], preexec_fn=set_limit)
                run = self.run_finder("next_descriptor", preexec_fn=set_limit)
                self.assertEqual((run.status, run.stdout), (alone.status, alone.stdout), run)
                self.assertEqual(len(PRINTED.findall(run.stderr)), 1, run)

    def test_little_memory(self):
        """A little more than the program needs is enough: the library does not take what the program is going to want."""
        need = next(mib for mib in range(16, 512, 4) if self.status_with(mib, watched.alone) == 0)
        print(f"the program alone needs {need} MiB of address space")
        for more in (8, 16, 24, 32, 48, 64, 80, 128, 256):
            with self.subTest(more=more):
                self.assertEqual(self.status_with(need + more, lambda command, **options: watched.preloaded(
                    LIBRARY, command, self.folder, **options)), 0)

    def status_with(self, mib, run):
        limit = mib << 20
        return run([FINDER, "with_memory"], timeout=TIMEOUT_S,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))).status


class StderrTest(RecordingTest):
    """The library writes to what was stderr at the start, and to nothing that comes in its place."""

    def check_untouched(self, case):
        run = self.run_finder(case)
        self.assertEqual((run.status, run.stdout), (0, "descriptor 2\n"), run)
        self.assertEqual(os.path.getsize(os.path.join(self.folder, "stderr.out")), 0)
        self.assertEqual(sum(finding.count for finding in watched.report_of(GORDIAN, self.recordings()).findings), 3)

    def test_closed_and_its_number_used_again(self):
        self.check_untouched("stderr_closed")

    def test_replaced(self):
        self.check_untouched("stderr_replaced")

    def test_closed_from_the_start(self):
        for case, expected in (("one", "done\n"), ("next_descriptor", "descriptor 2\n")):
            run = self.run_finder(case, preexec_fn=lambda: os.close(2))
            self.assertEqual((run.status, run.stdout), (0, expected))


if __name__ == "__main__":
    check.main()
