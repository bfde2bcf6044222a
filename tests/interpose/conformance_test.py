#!/usr/bin/env python3
"""Every hooked function returns what libc's own does, and touches errno no more than that.

    conformance_test.py GORDIAN LIBRARY CONFORMANCE CONFORMANCE_CPP CONDITIONS_OLD [Class.test...]
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

GORDIAN, LIBRARY, CONFORMANCE, CONFORMANCE_CPP, CONDITIONS_OLD = watched.paths(5)
PROGRAMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")

HOOKS = """
    _Fork _IO_flockfile _IO_ftrylockfile _IO_funlockfile __fcntl __pthread_mutex_destroy __pthread_mutex_init
    __pthread_mutex_lock __pthread_mutex_trylock __pthread_mutex_unlock __pthread_mutexattr_settype __pthread_once
    __pthread_rwlock_destroy __pthread_rwlock_init __pthread_rwlock_rdlock __pthread_rwlock_tryrdlock
    __pthread_rwlock_trywrlock __pthread_rwlock_unlock __pthread_rwlock_wrlock call_once chroot cnd_broadcast cnd_destroy
    cnd_init cnd_signal cnd_timedwait cnd_wait dlclose dlopen fcntl fcntl64 flock flockfile fork ftrylockfile funlockfile
    lockf lockf64 mtx_destroy mtx_init mtx_lock mtx_timedlock mtx_trylock mtx_unlock pthread_barrier_destroy
    pthread_barrier_init pthread_barrier_wait pthread_cancel pthread_clockjoin_np pthread_cond_broadcast
    pthread_cond_clockwait pthread_cond_destroy pthread_cond_init pthread_cond_signal pthread_cond_timedwait
    pthread_cond_wait pthread_create pthread_detach pthread_exit pthread_getname_np pthread_join pthread_mutex_clocklock
    pthread_mutex_consistent pthread_mutex_consistent_np pthread_mutex_destroy pthread_mutex_getprioceiling
    pthread_mutex_init pthread_mutex_lock pthread_mutex_setprioceiling pthread_mutex_timedlock pthread_mutex_trylock
    pthread_mutex_unlock pthread_mutexattr_setkind_np pthread_mutexattr_setprotocol pthread_mutexattr_setpshared
    pthread_mutexattr_setrobust pthread_mutexattr_setrobust_np pthread_mutexattr_settype pthread_once
    pthread_rwlock_clockrdlock pthread_rwlock_clockwrlock pthread_rwlock_destroy pthread_rwlock_init pthread_rwlock_rdlock
    pthread_rwlock_timedrdlock pthread_rwlock_timedwrlock pthread_rwlock_tryrdlock pthread_rwlock_trywrlock
    pthread_rwlock_unlock pthread_rwlock_wrlock pthread_rwlockattr_setkind_np pthread_rwlockattr_setpshared
    pthread_setname_np pthread_spin_destroy pthread_spin_init pthread_spin_lock pthread_spin_trylock pthread_spin_unlock
    pthread_timedjoin_np pthread_tryjoin_np sem_clockwait sem_close sem_destroy sem_getvalue sem_init sem_open sem_post
    sem_timedwait sem_trywait sem_unlink sem_wait seteuid setresuid setreuid setuid syscall thrd_create thrd_current
    thrd_detach thrd_exit thrd_join thrd_sleep thrd_yield""".split()

# For each part of the program: how often each result comes at the least, so that there is something to compare (fewer without
# the right to real-time priorities), and the misuse that it commits on purpose. Most of that libc refuses: whether it is
# reported is not this test's matter.
PARTS = {
    "attributes": ({"0": 200, "EINVAL": 80, "EOWNERDEAD": 8, "ENOTRECOVERABLE": 8}, "exit_holding relock"),
    "barriers": ({"0": 30, "EINVAL": 4}, "bad_barrier"),
    "c11": ({"success": 250, "busy": 20, "timedout": 20, "error": 30}, "bad_join unlock_not_owner unlock_unlocked"),
    "cancellation": ({"0": 50, "EBUSY": 6, "busy": 4}, ""),
    "conditions": ({"0": 100, "ETIMEDOUT": 50, "EINVAL": 30, "EPERM": 10, "EOWNERDEAD": 10, "ENOTRECOVERABLE": 3},
                   "exit_holding wait_unlocked"),
    "files": ({"0": 120, "EINVAL": 20, "EAGAIN": 15, "EBADF": 10, "EINTR": 7, "EACCES": 5, "EFAULT": 3}, ""),
    "fork": ({"0": 300, "EBUSY": 80, "EPERM": 10}, "exit_holding fork_held init_locked unlock_not_owner unlock_unlocked"),
    "mutex_words": ({"0": 40, "EDEADLK": 4}, "relock"),
    "mutexes": ({"0": 800, "EBUSY": 50, "EDEADLK": 50, "EINVAL": 200, "EPERM": 30, "ETIMEDOUT": 100, "EOWNERDEAD": 32,
                 "ENOTRECOVERABLE": 32, "EAGAIN": 4},
                "destroy_locked exit_holding relock unlock_not_owner unlock_unlocked use_destroyed"),
    "no_cancellation": ({"0": 40}, ""),
    "once": ({"0": 30}, ""),
    "rwlocks": ({"0": 1000, "EAGAIN": 40, "EBUSY": 70, "EDEADLK": 90, "EINVAL": 800, "ETIMEDOUT": 280}, "relock"),
    "semaphores": ({"0": 90, "EAGAIN": 5, "EINTR": 4, "EINVAL": 60, "ENOENT": 9, "EEXIST": 1, "EOVERFLOW": 2, "ETIMEDOUT": 20},
                   "sem_overflow"),
    "spins": ({"0": 70, "EBUSY": 13}, ""),
    "streams": ({"0": 50, "EBUSY": 7}, ""),
    "syscalls": ({"EAGAIN": 3, "EDEADLK": 1, "EINTR": 2, "EINVAL": 5, "ENOSYS": 3, "ETIMEDOUT": 6}, ""),
    "threads": ({"0": 40, "EBUSY": 4, "EDEADLK": 1, "EINVAL": 4, "ERANGE": 3, "ETIMEDOUT": 10, "EAGAIN": 1}, "bad_join"),
    "versions": ({"0": 120, "EBUSY": 15, "EDEADLK": 3, "EINTR": 1, "EOWNERDEAD": 2, "ETIMEDOUT": 15, "success": 10},
                 "bad_barrier bad_join exit_holding relock"),
}

# Deadlocks that are ended: the kernel refuses one of two processes that want each other's ranges of a file, and signals interrupt
# waits for what the thread has itself, by another descriptor.
ENDED_DEADLOCKS = {"files"}


class ConformanceTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def run_both(self, command):
        """Returns what the program printed by itself, having checked that it prints the same with the library."""
        alone = watched.alone(command)
        self.assertEqual((alone.status, alone.stderr), (0, ""), alone)
        run = watched.preloaded(LIBRARY, command, self.folder, "quiet=1")
        pairs = itertools.zip_longest(run.stdout.splitlines(), alone.stdout.splitlines())
        self.assertIsNone(next((f"{got}\nby itself: {own}" for got, own in pairs if got != own), None))
        self.assertEqual((run.status, run.stderr), (0, ""), run)
        return alone.stdout

    def reported(self):
        """The kinds that were reported, of deadlocks, hangs and misuse, and the whole report."""
        report = watched.report_of(GORDIAN, [self.folder])
        return {finding.kind for finding in report.findings if finding.whole["severity"] != "note"
                and finding.kind.startswith(("deadlock.", "hang.", "misuse."))}, report

    def check_part(self, part):
        at_least, misuse = PARTS[part]
        printed = self.run_both([CONFORMANCE, part])
        results = collections.Counter(re.findall(r" = (\w+)", printed))
        for result, count in at_least.items():
            self.assertGreaterEqual(results[result], count, result)
        # The others end in any order.
        kinds, report = self.reported()
        allowed = {"misuse." + kind for kind in misuse.split()}
        if part in ENDED_DEADLOCKS:
            allowed |= {"deadlock.actual", "deadlock.potential"}
        self.assertLessEqual(kinds, allowed, report)
        return report.report

    def test_all_parts_are_tested(self):
        with open(os.path.join(PROGRAMS, "conformance.h"), encoding="utf-8") as file:
            self.assertEqual(re.findall(r"\bX\((\w+)\)", file.read()), sorted(PARTS))

    def test_the_calls_are_seen(self):
        self.assertGreater(self.check_part("mutexes")["coverage"]["events"]["mutex"], 500)

    def test_every_hook_is_called(self):
        sources = ""
        for name in os.listdir(PROGRAMS):
            if name.startswith("conformance"):
                with open(os.path.join(PROGRAMS, name), encoding="utf-8") as file:
                    sources += file.read()
        # As a call, or as the declaration of an old version that is called.
        self.assertEqual([hook for hook in HOOKS if not re.search(rf"\b(old_)?{hook}\(", sources)], [])

    def test_cpp(self):
        printed = self.run_both([CONFORMANCE_CPP])
        self.assertIn("torn: 0\n", printed)
        self.assertIn("runs: 111\n", printed)
        kinds, report = self.reported()
        self.assertLessEqual(kinds, {"misuse.relock", "misuse.bad_join"}, report)

    def test_programs_of_before_glibc_2_3_2(self):
        self.assertEqual(self.run_both([CONDITIONS_OLD]), "timed out: 1\nwoken: 0\nwoken by broadcast: 0\n")


def _test_of(part):
    return lambda self: self.check_part(part)


for _part in PARTS:
    setattr(ConformanceTest, f"test_part_{_part}", _test_of(_part))


if __name__ == "__main__":
    check.main()
