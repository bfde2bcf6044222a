#!/usr/bin/env python3
"""Every hooked function returns what libc's own does, and touches errno no more than that.

    conformance_test.py GORDIAN LIBRARY CONFORMANCE CONDITIONS_OLD [Class.test...]
"""

import collections
import itertools
import os
import re
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import watched  # noqa: E402

GORDIAN, LIBRARY, CONFORMANCE, CONDITIONS_OLD = watched.paths(4)

HOOKS = """chroot dlclose seteuid setresuid setreuid setuid
    pthread_clockjoin_np pthread_cond_clockwait pthread_cond_timedwait pthread_cond_wait pthread_create
    pthread_detach pthread_exit pthread_join pthread_mutex_clocklock pthread_mutex_destroy pthread_mutex_init pthread_mutex_lock
    pthread_mutex_timedlock pthread_mutex_trylock pthread_mutex_unlock pthread_timedjoin_np pthread_tryjoin_np""".split()


class ConformanceTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def run_both(self, program):
        """Returns what the program printed by itself, having checked that it prints the same with the library."""
        alone = watched.alone([program])
        self.assertEqual((alone.status, alone.stderr), (0, ""), alone)
        run = watched.preloaded(LIBRARY, [program], self.folder, "quiet=1", timeout=20)
        pairs = itertools.zip_longest(run.stdout.splitlines(), alone.stdout.splitlines())
        self.assertIsNone(next((f"{got}\nby itself: {own}" for got, own in pairs if got != own), None))
        self.assertEqual((run.status, run.stderr), (0, ""), run)
        return alone.stdout

    def test_results_and_errno(self):
        printed = self.run_both(CONFORMANCE)
        results = collections.Counter(re.findall(r" = (\w+)", printed))
        # That there was something to compare: each kind of result, many times.
        for result, at_least in (("0", 500), ("EBUSY", 50), ("EDEADLK", 50), ("EINVAL", 200), ("EPERM", 20), ("ETIMEDOUT", 100),
                                 ("EOWNERDEAD", 32), ("ENOTRECOVERABLE", 32), ("EAGAIN", 1)):
            self.assertGreaterEqual(results[result], at_least, result)
        # None of it is a deadlock; what libc refused is told as misuse.
        report = watched.report_of(GORDIAN, [self.folder])
        self.assertEqual([str(f) for f in report.findings if not f.kind.startswith("misuse.")], [])
        self.assertGreater(report.report["coverage"]["events"]["mutex"], 500)

    def test_every_hook_is_called(self):
        folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")
        sources = ""
        for name in os.listdir(folder):
            if name.startswith("conformance"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    sources += file.read()
        self.assertEqual([hook for hook in HOOKS if hook + "(" not in sources], [])

    def test_programs_of_before_glibc_2_3_2(self):
        self.assertEqual(self.run_both(CONDITIONS_OLD), "timed out: 1\nwoken: 0\nwoken by broadcast: 0\n")


if __name__ == "__main__":
    check.main()
