#!/usr/bin/env python3
"""gordian import: what ThreadSanitizer, Helgrind and DRD have written becomes findings.

    import_test.py GORDIAN SCHEMA [Class.test...]

The files are in tests/reports/foreign: one small program with a bug of each kind, built with clang 19 and gcc 12, and
under Valgrind 3.19.
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

GORDIAN, SCHEMA = (os.path.abspath(path) for path in sys.argv[1:3])
del sys.argv[1:3]
FILES = os.path.abspath("tests/reports/foreign")
STATUS_FOUND, STATUS_FAILED = 66, 125

# File: kind, severity, source, count and message of each finding.
EXPECTED = {
    "drd_destroy.xml": [
        ("misuse.destroy_locked", "error", "DRD", 1,
         "Destroying locked mutex: mutex initialised at kinds.c:22 in destroy, at kinds.c:22 in destroy"),
    ],
    "drd_global.xml": [
        ("race.data", "error", "DRD", 3,
         "data race: thread T3 reads memory at 0x10c238 (8 bytes) at kinds.c:35 in inc"),
    ],
    "drd_heap.xml": [
        ("race.data", "error", "DRD", 1,
         "data race: thread T3 reads heap block allocated at kinds.c:31 in heap (4 bytes) at kinds.c:29 in setheap2"),
    ],
    "drd_twice.xml": [
        ("misuse.unlock_unlocked", "error", "DRD", 1,
         "Mutex not locked by calling thread: mutex initialised at kinds.c:21 in twice, at kinds.c:21 in twice"),
    ],
    "helgrind_destroy.xml": [
        ("misuse.destroy_locked", "error", "Helgrind", 1,
         "pthread_mutex_destroy of a locked mutex, at kinds.c:22 in destroy"),
        ("misuse.destroy_locked", "error", "Helgrind", 1,
         "call to pthread_mutex_destroy failed with error code 16 (EBUSY: Device or resource busy)"),
    ],
    "helgrind_global.xml": [
        ("race.data", "error", "Helgrind", 2,
         "data race: thread T3 reads balance (8 bytes) at kinds.c:35 in inc; thread T2 writes it at kinds.c:35 in inc"),
    ],
    "helgrind_heap.xml": [
        ("race.data", "error", "Helgrind", 1,
         "data race: thread T3 reads heap block of 40 bytes allocated at kinds.c:31 in heap (4 bytes) at kinds.c:29 in "
         "setheap2; thread T2 writes it at kinds.c:28 in setheap"),
    ],
    "helgrind_onstack.xml": [
        ("race.data", "error", "Helgrind", 2,
         "data race: main reads the stack of main (8 bytes) at kinds.c:33 in onstack; thread T2 writes it at kinds.c:32 "
         "in setlong"),
    ],
    "helgrind_order.xml": [
        ("deadlock.potential", "warning", "Helgrind", 1,
         "deadlock possible: thread T3, holding mutex first locked at kinds.c:14 in pair (L1), locks mutex first locked "
         "at kinds.c:14 in pair (L2); an unknown thread, holding mutex first locked at kinds.c:14 in pair (L2), locks "
         "mutex first locked at kinds.c:14 in pair (L1)"),
    ],
    "helgrind_twice.xml": [
        ("misuse.unlock_unlocked", "error", "Helgrind", 1,
         "unlocked a not-locked lock: mutex initialised at kinds.c:21 in twice, at kinds.c:21 in twice"),
    ],
    "tsan_clang_atomic.txt": [
        ("race.data", "error", "ThreadSanitizer", 1,
         "data race: thread T3 atomically writes balance (8 bytes) at kinds.c:36 in atom, holding nothing; writer's one "
         "writes it at kinds.c:35 in inc, holding nothing"),
    ],
    "tsan_clang_destroy.txt": [
        ("misuse.destroy_locked", "error", "ThreadSanitizer", 1,
         "destroy of a locked mutex: mutex initialised at kinds.c:22 in destroy, at kinds.c:22 in destroy"),
    ],
    "tsan_clang_destroyed.txt": [
        ("misuse.use_destroyed", "error", "ThreadSanitizer", 1,
         "use of an invalid mutex (e.g. uninitialized or destroyed): mutex M0, at kinds.c:23 in destroyed"),
    ],
    "tsan_clang_heap.txt": [
        ("race.data", "error", "ThreadSanitizer", 1,
         "data race: thread T3 reads heap block of 40 bytes allocated at kinds.c:31 in heap (4 bytes) at kinds.c:29 in "
         "setheap2, holding mutex first locked at kinds.c:29 in setheap2; writer's one writes it at kinds.c:28 in "
         "setheap, holding mutex first locked at kinds.c:28 in setheap"),
    ],
    "tsan_clang_leak.txt": [
        ("misuse.bad_join", "warning", "ThreadSanitizer", 3,
         "thread leak: thread T2, at kinds.c:27 in leak"),
    ],
    "tsan_clang_onstack.txt": [
        ("race.data", "error", "ThreadSanitizer", 1,
         "data race: main writes the stack of main (8 bytes) at kinds.c:33 in onstack, holding nothing; thread T2 "
         "writes it at kinds.c:32 in setlong, holding nothing"),
    ],
    "tsan_clang_order.txt": [
        ("deadlock.potential", "warning", "ThreadSanitizer", 1,
         "deadlock possible: worker bee, holding mutex M0, locks mutex M1; thread T3, holding mutex M1, locks mutex M0"),
    ],
    "tsan_clang_segv.txt": [
    ],
    "tsan_clang_tls.txt": [
        ("race.data", "error", "ThreadSanitizer", 1,
         "data race: main writes thread-local memory of main (4 bytes) at kinds.c:34 in tls, holding nothing; thread T2 "
         "writes it at kinds.c:32 in setlong, holding nothing"),
    ],
    "tsan_clang_twice.txt": [
        ("misuse.unlock_unlocked", "error", "ThreadSanitizer", 1,
         "unlock of an unlocked mutex (or by a wrong thread): mutex initialised at kinds.c:21 in twice, at kinds.c:21 "
         "in twice"),
    ],
    "tsan_clang_uaf.txt": [
        ("race.data", "error", "ThreadSanitizer", 1,
         "heap-use-after-free: main writes memory at 0x720c00000034 (4 bytes) at kinds.c:40 in uaf, holding nothing; "
         "thread T2 writes it at kinds.c:39 in freeit, holding nothing"),
    ],
    "tsan_gcc_atomic.txt": [
        ("race.data", "error", "ThreadSanitizer", 1,
         "data race: thread T3 atomically writes balance (8 bytes) at kinds.c:36 in atom, holding nothing; writer's one "
         "writes it at kinds.c:35 in inc, holding nothing"),
    ],
    "tsan_gcc_destroy.txt": [
        ("misuse.destroy_locked", "error", "ThreadSanitizer", 1,
         "destroy of a locked mutex: mutex initialised at kinds.c:22 in destroy, at kinds.c:22 in destroy"),
    ],
    "tsan_gcc_destroyed.txt": [
        ("misuse.use_destroyed", "error", "ThreadSanitizer", 1,
         "use of an invalid mutex (e.g. uninitialized or destroyed): mutex M0, at kinds.c:23 in destroyed"),
    ],
    "tsan_gcc_heap.txt": [
        ("race.data", "error", "ThreadSanitizer", 1,
         "data race: thread T3 reads heap block of 40 bytes allocated at kinds.c:31 in heap (4 bytes) at kinds.c:29 in "
         "setheap2, holding mutex first locked at kinds.c:29 in setheap2; writer's one writes it at kinds.c:28 in "
         "setheap, holding mutex first locked at kinds.c:28 in setheap"),
    ],
    "tsan_gcc_leak.txt": [
        ("misuse.bad_join", "warning", "ThreadSanitizer", 3,
         "thread leak: thread T2, at kinds.c:27 in leak"),
    ],
    "tsan_gcc_onstack.txt": [
        ("race.data", "error", "ThreadSanitizer", 1,
         "data race: main reads the stack of main (8 bytes) at kinds.c:33 in onstack, holding nothing; thread T2 writes "
         "it at kinds.c:32 in setlong, holding nothing"),
    ],
    "tsan_gcc_order.txt": [
        ("deadlock.potential", "warning", "ThreadSanitizer", 1,
         "deadlock possible: worker bee, holding mutex M0, locks mutex M1; thread T3, holding mutex M1, locks mutex M0"),
    ],
    "tsan_gcc_segv.txt": [
    ],
    "tsan_gcc_twice.txt": [
        ("misuse.unlock_unlocked", "error", "ThreadSanitizer", 1,
         "unlock of an unlocked mutex (or by a wrong thread): mutex initialised at kinds.c:21 in twice, at kinds.c:21 "
         "in twice"),
    ],
    "tsan_gcc_uaf.txt": [
        ("race.data", "error", "ThreadSanitizer", 1,
         "heap-use-after-free: main writes memory at 0x7b0c00000004 (4 bytes) at kinds.c:40 in uaf, holding nothing; "
         "thread T2 writes it at kinds.c:39 in freeit, holding nothing"),
    ],
}


def run(*arguments):
    return subprocess.run([GORDIAN, "import", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False, timeout=60)


class ImportTest(unittest.TestCase):
    maxDiff = None

    def report(self, *files, status=STATUS_FOUND):
        done = run("--json", "-", *files)
        self.assertEqual((done.returncode, done.stderr), (status, ""))
        report = json.loads(done.stdout)
        with open(SCHEMA, encoding="utf-8") as schema:
            jsonschema.validate(report, json.load(schema))
        return report

    def written(self, content):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "log")
        with open(path, "wb") as file:
            file.write(content)
        return path

    def read(self, name):
        with open(os.path.join(FILES, name), "rb") as file:
            return file.read()

    def test_findings(self):
        self.assertEqual(sorted(EXPECTED), sorted(os.listdir(FILES)))
        for name, expected in EXPECTED.items():
            with self.subTest(file=name):
                report = self.report(os.path.join(FILES, name), status=STATUS_FOUND if expected else 0)
                self.assertEqual([(f["kind"], f["severity"], f["source"], f["count"], f["message"]) for f in report["findings"]],
                                 expected)
                remarks = report["coverage"]["remarks"]
                if "segv" in name:
                    self.assertRegex(remarks[0], "^ThreadSanitizer in pid [0-9]+: SEGV on unknown address 0x000000000008$")
                else:
                    self.assertEqual(remarks, [])

    def test_every_side_has_thread_lock_and_stack(self):
        for name in ("tsan_clang_order.txt", "tsan_gcc_order.txt"):
            finding, = self.report(os.path.join(FILES, name))["findings"]
            for step in finding["steps"]:
                self.assertTrue(step["thread"] and step["wants"]["lock"] and step["wants"]["stack"])
                self.assertTrue(all(hold["lock"] and hold["stack"] for hold in step["holds"]))

    def test_text(self):
        done = run(os.path.join(FILES, "tsan_clang_atomic.txt"))
        self.assertEqual((done.returncode, done.stderr), (STATUS_FOUND, ""))
        self.assertEqual(done.stdout, """\
gordian: data race: thread T3 atomically writes balance (8 bytes) at kinds.c:36 in atom, holding nothing; writer's one writes it at kinds.c:35 in inc, holding nothing

  thread T3 (tid 5397), created by T1 at kinds.c:30 in two
    atomically writes balance (8 bytes), holding nothing, at
        atom  kinds.c:36

  writer's one (T2, tid 5396), created by T1 at kinds.c:30 in two
    writes balance (8 bytes), holding nothing, at
        inc  kinds.c:35

  balance: 8 bytes of memory at 0x5635bd06d7d8

  error race.data, id 7c05ba0e31801734, said by ThreadSanitizer of the process (pid 5393)

gordian: 1 finding: 1 error, 0 warnings, 0 notes
  error    data race: thread T3 atomically writes balance (8 bytes) at kinds.c:36 in atom, holding nothing; writer's one writes it at kinds.c:35 in inc, holding nothing
""")

    def test_ids_do_not_depend_on_which_side_comes_first_or_on_lines_above(self):
        log = self.read("tsan_clang_atomic.txt").decode()
        head, first, second, rest = log.split("\n\n")[0], *log.split("\n\n")[1:3], "\n\n".join(log.split("\n\n")[3:])
        self.assertTrue(second.startswith("  Location"))
        lines = head.split("\n")
        swapped = "\n".join(lines[:2] + first.split("\n")).replace("Previous write", "Write") + "\n\n" + \
            "\n".join(lines[2:]).replace("Atomic write", "Previous atomic write") + "\n\n" + second + "\n\n" + rest
        moved = log.replace("kinds.c:3", "kinds.c:13").replace("0x5635bd06d7d8", "0x7fffbd06d7d8")
        ids = {finding["id"] for text in (log, swapped, moved)
               for finding in self.report(self.written(text.encode()))["findings"]}
        self.assertEqual(len(ids), 1, ids)

    def test_two_races_of_the_same_functions_are_both_told(self):
        log = self.read("tsan_clang_atomic.txt").decode()
        other = log.replace("kinds.c:36:37", "kinds.c:37:37")
        findings = self.report(self.written((log + other + log).encode()))["findings"]
        self.assertEqual([(f["count"], "kinds.c:36 " in f["message"]) for f in findings], [(2, True), (1, False)])
        self.assertEqual(len({f["id"] for f in findings}), 2)

    def test_a_log_of_a_job_has_the_reports_of_many_programs(self):
        job = b"building\n" + b"".join(self.read(f"tsan_{k}.txt") + b"output\n" for k in ("clang_order", "gcc_heap", "gcc_leak"))
        kinds = [f["kind"] for f in self.report(self.written(job))["findings"]]
        self.assertEqual(kinds, ["deadlock.potential", "race.data", "misuse.bad_join"])
        self.assertEqual(len(self.report(self.written(job), os.path.join(FILES, "helgrind_heap.xml"))["findings"]), 4)

    def test_names_are_kept_as_they_are(self):
        log = self.read("tsan_clang_atomic.txt").replace(b"'balance'", b"'<b>\"bal\xff\x1b[31m&amp;'")
        path = self.written(log)
        lock = next(lock for lock in self.report(path)["findings"][0]["locks"] if lock["kind"] == "memory")
        self.assertEqual(lock["name"], '<b>"bal\ufffd&amp;')  # the colour is the terminal's
        self.assertNotIn("\x1b", run(path).stdout)

    def test_what_is_cut_off_is_told_and_the_rest_counts(self):
        for name in ("tsan_clang_heap.txt", "helgrind_heap.xml"):
            whole = self.read(name)
            end = whole.rindex(b"Thread T2" if name.endswith("txt") else b"<auxwhat>Block")
            report = self.report(self.written(whole[:end]))
            self.assertEqual([f["kind"] for f in report["findings"]], ["race.data"])
            self.assertIn("cut off", " ".join(report["coverage"]["remarks"]))

    def test_what_cannot_be_read(self):
        entity = b'<?xml version="1.0"?><!DOCTYPE v [<!ENTITY a "b">]><valgrindoutput>&a;</valgrindoutput>'
        deep = b"<valgrindoutput>" + b"<a>" * 70
        memcheck = b"<?xml version='1.0'?>\n<valgrindoutput><protocoltool>memcheck</protocoltool></valgrindoutput>"
        for content, why in ((b"", "it is empty"), (b"hello\n", "no report of ThreadSanitizer, Helgrind or DRD is in it"),
                             (entity, "it declares a document type, which Valgrind never does (line 1)"),
                             (deep, "its elements are nested deeper than 64 (line 1)"),
                             (memcheck, "it is of another tool of Valgrind's than Helgrind and DRD (line 2)"),
                             (b"<?xml version='1.0'?><a/>", "it is XML, but not of Valgrind's (line 1)")):
            with self.subTest(why=why):
                path = self.written(content)
                done = run(path)
                self.assertEqual((done.returncode, done.stdout), (STATUS_FAILED, ""))
                self.assertEqual(done.stderr.splitlines()[0], f"gordian: {path}: {why}")
        for path in ("/no/such/file", "/"):
            self.assertEqual(run(path).returncode, STATUS_FAILED)
        self.assertEqual(run().returncode, STATUS_FAILED)

    def test_the_exit_status_is_an_option(self):
        self.assertEqual(run("--exit-code", "3", os.path.join(FILES, "drd_twice.xml")).returncode, 3)


if __name__ == "__main__":
    check.main()
