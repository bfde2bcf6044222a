#!/usr/bin/env python3
"""Whatever befalls a program, it ends under the library as it does by itself, and what was found before is in the report.

    faults_test.py GORDIAN LIBRARY SUFFERER SUFFERER_ASAN SUFFERER_TSAN NEIGHBOUR SECURE [Class.test...]
"""

import glob
import os
import re
import stat
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import watched  # noqa: E402

GORDIAN, LIBRARY, SUFFERER, ASAN, TSAN, NEIGHBOUR, SECURE = watched.paths(7)
LIBRARIES = "/usr/lib/x86_64-linux-gnu"
# What ends with the recording gone.
WITHOUT_RECORDING = ("truncated", "truncated_handled", "deleted")
TRUNCATED = "gordian: off in this process: the recording was truncated\n"


class FaultsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="faults-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def recordings(self):
        return glob.glob(os.path.join(self.folder, "*.rec"))

    def run_both(self, fault, program=SUFFERER, before=(), after=(), wrapper=(), **changes):
        """Returns how it ended by itself and under the library, with these other libraries preloaded both times."""
        environment = watched.environment(RECORDINGS=self.folder, **changes)
        runs = []
        for libraries in ([*before, *after], [*before, LIBRARY, *after]):
            with tempfile.TemporaryFile() as errors:
                own = [f"LD_PRELOAD={':'.join(libraries)}", f"GORDIAN_OPTIONS=dir={self.folder}:quiet=1"]
                run = watched.execute([*wrapper, "env", *own, program, fault], env=environment, stderr=errors, timeout=60)
                errors.seek(0)
                run.stderr = errors.read().decode(errors="replace")
                runs.append(run)
        return runs

    def check_fault(self, fault, **options):
        alone, run = self.run_both(fault, **options)
        self.assertTrue(alone.stdout.startswith("found\n"), alone)
        self.assertEqual((run.status, run.stdout), (alone.status, alone.stdout), run)
        return run

    def check_finding(self):
        report = watched.report_of(GORDIAN, [self.folder])
        told = [finding for finding in report.findings or [] if finding.whole["severity"] != "note"]
        self.assertEqual([(f.kind, f.locks) for f in told], [("deadlock.potential", ["left", "right"])], report)


for _fault in """none abort segv kill exit_group exec stack_overflow stack_overflow_thread stack_overflow_handled out_of_memory
        out_of_descriptors truncated truncated_handled deleted own_bus own_bus_handled bus_sent bus_signal refused
        refused_by_death unshare clock""".split():
    def _check(self, fault=_fault):
        run = self.check_fault(fault)
        self.assertEqual(run.stderr, TRUNCATED if fault.startswith("truncated") else "", run)
        if fault not in WITHOUT_RECORDING:
            self.check_finding()
    setattr(FaultsTest, f"test_{_fault}", _check)


class SurroundingsTest(FaultsTest):
    """Other libraries and other kernels' views."""

    def test_allocators(self):
        for allocator in ("libjemalloc.so.2", "libtcmalloc_minimal.so.4"):
            for place in ("before", "after"):
                with self.subTest(allocator=allocator, place=place):
                    self.check_fault("none", **{place: [os.path.join(LIBRARIES, allocator)]})
        self.check_finding()

    def test_a_clock_that_jumps(self):
        faketime = os.path.join(LIBRARIES, "faketime/libfaketimeMT.so.1")
        for offset in ("-10d", "+10y", "+0 x2"):
            for place in ("before", "after"):
                with self.subTest(offset=offset, place=place):
                    self.check_fault("clock", FAKETIME=offset, **{place: [faketime]})
        self.check_finding()

    def test_another_preloaded_library(self):
        for place in ("before", "after"):
            with self.subTest(place=place):
                run = self.check_fault("none", **{place: [NEIGHBOUR]})
                self.assertIn("neighbour: saw locks\n", run.stdout)
        self.check_finding()

    def test_sanitizers(self):
        for program, needs in ((ASAN, "detect_leaks=0"), (TSAN, "report_bugs=0")):
            for fault in ("none", "segv", "own_bus_handled", "truncated"):
                with self.subTest(program=os.path.basename(program), fault=fault):
                    # What a sanitizer says of the fault has addresses in it.
                    alone, run = self.run_both(fault, program=program, ASAN_OPTIONS=needs, TSAN_OPTIONS=needs)
                    self.assertEqual((run.status, run.stdout), (alone.status, alone.stdout), run)
                    self.assertIn("found\n", run.stdout)

    def test_without_proc(self):
        script = 'mount -t tmpfs none /proc && exec "$@"'
        self.check_fault("none", wrapper=["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"])
        self.assertEqual(len(self.recordings()), 1)

    def test_in_namespaces_of_its_own(self):
        self.check_fault("none", wrapper=["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--net", "--ipc"])
        self.check_finding()


class SecurityTest(FaultsTest):
    def test_a_recording_is_its_owners_alone(self):
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        self.check_fault("none")
        for path in self.recordings():
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)

    def test_a_name_that_is_taken_is_left_alone(self):
        """Whoever guesses the name gains nothing: what is there, also a link, is not opened."""
        target = os.path.join(self.folder, "target")
        script = 'ln -s "$1/target" "$1/gordian.$$.0.rec" && ln "$1/other" "$1/gordian.$$.1.rec" && shift && exec "$@"'
        with open(os.path.join(self.folder, "other"), "w", encoding="ascii") as other:
            other.write("other")
        environment = watched.environment(RECORDINGS=self.folder)
        run = watched.execute(["sh", "-c", script, "sh", self.folder, "env", f"LD_PRELOAD={LIBRARY}",
                               f"GORDIAN_OPTIONS=dir={self.folder}:quiet=1", SUFFERER, "none"], env=environment)
        self.assertEqual((run.status, run.stdout, run.stderr), (0, "found\ndone\n", ""), run)
        self.assertFalse(os.path.exists(target))
        with open(os.path.join(self.folder, "other"), encoding="ascii") as other:
            self.assertEqual(other.read(), "other")
        self.assertEqual(len(glob.glob(os.path.join(self.folder, "gordian.*.2.rec"))), 1)

    def test_a_privileged_process_takes_nothing_from_its_environment(self):
        alone = watched.alone([SUFFERER, "none"])
        run = watched.execute([SUFFERER, "none"], cwd=self.folder, env=watched.environment(
            LD_PRELOAD=f"{SECURE}:{LIBRARY}", GORDIAN_OPTIONS=f"dir={self.folder}:help=1:on_deadlock=stop"))
        self.assertEqual((run.status, run.stdout.replace("neighbour: saw locks\n", ""), run.stderr),
                         (alone.status, alone.stdout, ""), run)
        self.assertEqual(self.recordings(), [])

    def test_reports_and_the_runs_own_folder(self):
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        script = f'ls -ld "$(echo "$GORDIAN_OPTIONS" | sed "s/.*dir=\\([^:]*\\).*/\\1/")"; {SUFFERER} none'
        json = os.path.join(self.folder, "report.json")
        run = watched.execute([GORDIAN, "run", "--json", json, "--", "sh", "-c", script])
        self.assertRegex(run.stdout, re.compile(r"^drwx------", re.M))
        self.assertEqual(stat.S_IMODE(os.stat(json).st_mode) & 0o077, 0)

    def test_a_report_does_not_follow_a_link(self):
        """In a folder that others write to, a name may be a link to what is the user's."""
        mine, link = os.path.join(self.folder, "mine"), os.path.join(self.folder, "report.json")
        with open(mine, "w", encoding="ascii") as file:
            file.write("mine")
        os.symlink(mine, link)
        watched.execute([GORDIAN, "run", "--json", link, "--", SUFFERER, "none"])
        with open(mine, encoding="ascii") as file:
            self.assertEqual(file.read(), "mine")


if __name__ == "__main__":
    check.main()
