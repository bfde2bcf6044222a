#!/usr/bin/env python3
"""cases/suite/check_one.py: what it refuses as a case, and which differences between a case and a report it sees."""

import json
import os
import stat
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402

BUGGY = """\
/* Two orders.
 *
 * EXPECT gordian: deadlock.potential a_lock b_lock
 * EXPECT tsan: lock-order-inversion
 */
lock(a); /* REPORTED */
lock(b); /* REPORTED */
"""

FIXED = """\
/* One order.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 */
lock(a);
"""


def stack(*frames):
    return [{"function": "f", "file": file, "line": line} for file, line in frames]


def deadlock(name="x_buggy.c", lines=(6, 7), locks=("a_lock", "b_lock"), kind="deadlock.potential", shape="cycle"):
    """A finding as gordian writes it into JSON: two steps that hold at lines[0] and want at lines[1]."""
    step = {
        "holds": [{"lock": "L1", "stack": stack(("/usr/src/lock.c", 1), (f"/build/cases/{name}", lines[0]), (name, 90))}],
        "wants": {"lock": "L2", "stack": stack((name, lines[1]), (name, 91))},
    }
    steps = [json.loads(json.dumps({"thread": thread, **step})) for thread in ("T1", "T2")]
    return {"kind": kind, "shape": shape, "severity": "error", "steps": steps,
            "locks": [{"name": lock, "kind": "mutex"} for lock in locks]}


TSAN_INVERSION = """\
==================
WARNING: ThreadSanitizer: lock-order-inversion (potential deadlock) (pid=7)
  Cycle in lock order graph: M0 (0x1) => M1 (0x2) => M0

  Mutex M1 acquired here while holding mutex M0 in thread T1:
    #0 pthread_mutex_lock <null> (x+0x6) (BuildId: 1)
    #1 save cases/x_buggy.c:7:5 (x+0xe) (BuildId: 1)

  Mutex M0 previously acquired by the same thread here:
    #0 pthread_mutex_lock <null> (x+0x6) (BuildId: 1)
    #1 save cases/x_buggy.c:6:5 (x+0xe) (BuildId: 1)

  Thread T1 (tid=9, finished) created by main thread at:
    #0 pthread_create <null> (x+0x6) (BuildId: 1)
    #1 main cases/x_buggy.c:44:5 (x+0xe) (BuildId: 1)

SUMMARY: ThreadSanitizer: lock-order-inversion (potential deadlock) (/x+0x6) in pthread_mutex_lock
==================
"""

TSAN_RACE = """\
WARNING: ThreadSanitizer: data race (pid=7)
  Write of size 4 at 0x1 by thread T2 (mutexes: write M0):
    #0 count_down cases/x_buggy.c:7:12 (x+0xe) (BuildId: 1)
    #1 again cases/x_buggy.c:50:1 (x+0xe) (BuildId: 1)

  Previous read of size 4 at 0x1 by thread T1:
    #0 count_up cases/x_buggy.c:6:16 (x+0xe) (BuildId: 1)

  As if synchronized via sleep:
    #0 usleep <null> (x+0x6) (BuildId: 1)
    #1 wait cases/x_buggy.c:20:1 (x+0x6) (BuildId: 1)

  Location is global 'counter' of size 4 at 0x1 (x+0x1)

  Thread T2 (tid=9, running) created by main thread at:
    #0 pthread_create <null> (x+0x6) (BuildId: 1)
    #1 main cases/x_buggy.c:39:5 (x+0xe) (BuildId: 1)

SUMMARY: ThreadSanitizer: data race cases/x_buggy.c:7:12 in count_down
"""


class RunnerTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text, executable=False):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if executable:
            os.chmod(path, stat.S_IRWXU)
        return path

    def run_runner(self, *arguments):
        """Returns (status, the lines printed, without the temporary folder)."""
        done = subprocess.run([sys.executable, "cases/suite/check_one.py", *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False)
        return done.returncode, done.stdout.replace(self.folder + "/", "").splitlines()

    def under_gordian(self, source, findings, status, name="x_buggy.c", own_status=0):
        """Run the case under a gordian that reports `findings` and exits with `status`."""
        report = self.write("made.json", json.dumps({"findings": findings, "run": {"exit": own_status}}))
        gordian = self.write("gordian", f'#!/bin/sh\n[ "$1 $2" = "run --json" ] && cp "{report}" "$3"\nexit {status}\n', True)
        return self.run_runner("gordian", self.write(name, source), "/bin/true", gordian)

    def under_tsan(self, source, text, status=0, name="x_buggy.c", then="exit"):
        """Run the case's program as one that prints `text` and exits with `status`."""
        said = self.write("said", text)
        program = self.write("program", f'#!/bin/sh\ncat "{said}" >&2\n{then} {status}\n', True)
        return self.run_runner("tsan", self.write(name, source), program)

    def assert_refused(self, name, source, message):
        self.assertEqual(self.run_runner("tsan", self.write(name, source), "/bin/true"), (2, [message, "0 passed, 1 failed"]))

    # What is no case.

    def test_refuses_a_buggy_twin_that_expects_nothing(self):
        self.assert_refused("x_buggy.c", FIXED,
                            "x_buggy.c:1: a buggy twin must expect a finding or an exit status other than 0")

    def test_refuses_a_fixed_twin_that_expects_a_finding(self):
        self.assert_refused("x_fixed.c", BUGGY, "x_fixed.c:3: a fixed twin must not expect a finding")

    def test_refuses_a_fixed_twin_that_hangs_or_fails(self):
        self.assert_refused("x_fixed.c", FIXED.replace(" */", " * EXPECT exit: never\n */"),
                            "x_fixed.c:1: a fixed twin must end")
        self.assert_refused("x_fixed.c", FIXED.replace(" */", " * EXPECT exit: 1\n */"),
                            "x_fixed.c:1: a fixed twin must exit with 0")

    def test_refuses_a_mark_in_a_fixed_twin(self):
        self.assert_refused("x_fixed.c", FIXED + "lock(b); /* REPORTED */\n",
                            "x_fixed.c:7: marked /* REPORTED */ in a fixed twin")

    def test_refuses_a_name_that_is_neither_twin(self):
        self.assert_refused("x.c", BUGGY, "x.c:1: is named neither NAME_buggy.c nor NAME_fixed.c")

    def test_refuses_a_missing_expect_for_a_tool(self):
        self.assert_refused("x_buggy.c", BUGGY.replace("EXPECT gordian:", "gordian:"),
                            "x_buggy.c:1: has no 'EXPECT gordian:'")
        self.assert_refused("x_fixed.c", FIXED.replace("EXPECT tsan:", "tsan:"), "x_fixed.c:1: has no 'EXPECT tsan:'")

    def test_refuses_a_malformed_expect(self):
        self.assert_refused("x_buggy.c", BUGGY.replace("EXPECT tsan:", "EXPECT tsan"),
                            "x_buggy.c:4: not of the form 'EXPECT TOOL: WHAT'")
        self.assert_refused("x_buggy.c", BUGGY.replace("EXPECT tsan: lock-order-inversion", "EXPECT tsan: "),
                            "x_buggy.c:4: 'EXPECT tsan:' wants a kind, 'none' or 'misses'")
        self.assert_refused("x_buggy.c", BUGGY.replace("EXPECT tsan:", "EXPECT helgrind:"),
                            "x_buggy.c:4: unknown subject 'helgrind': gordian, tsan, exit or options")
        self.assert_refused("x_buggy.c", BUGGY.replace(" */", " * EXPECT exit: 256\n */"),
                            "x_buggy.c:5: 'EXPECT exit:' wants one exit status, or 'never'")

    def test_refuses_an_unknown_kind_or_shape(self):
        self.assert_refused("x_buggy.c", BUGGY.replace("deadlock.potential", "deadlock.posible"),
                            "x_buggy.c:3: unknown kind 'deadlock.posible' for gordian")
        self.assert_refused("x_buggy.c", BUGGY.replace("lock-order-inversion", "deadlock.potential"),
                            "x_buggy.c:4: unknown kind 'deadlock.potential' for tsan")
        self.assert_refused("x_buggy.c", BUGGY.replace("a_lock", "shape=ring a_lock"), "x_buggy.c:3: unknown shape 'ring'")

    def test_refuses_none_with_more(self):
        self.assert_refused("x_fixed.c", FIXED.replace("gordian: none", "gordian: none hangs"),
                            "x_fixed.c:3: 'hangs' after 'none'")
        self.assert_refused("x_buggy.c", BUGGY.replace(" */", " * EXPECT tsan: none\n */", 1),
                            "x_buggy.c:5: 'none' beside another 'EXPECT tsan:'")

    def test_refuses_locks_that_cannot_be_checked(self):
        self.assert_refused("x_buggy.c", BUGGY.replace(" a_lock b_lock", ""),
                            "x_buggy.c:3: 'deadlock.potential' without the locks that must be named")
        self.assert_refused("x_buggy.c", BUGGY.replace("inversion", "inversion a_lock"),
                            "x_buggy.c:4: ThreadSanitizer names no locks, but 'a_lock' is expected")

    def test_refuses_wrongly_in_a_buggy_twin(self):
        self.assert_refused("x_buggy.c", BUGGY.replace("inversion", "inversion wrongly"),
                            "x_buggy.c:4: a buggy twin is not reported 'wrongly'")

    def test_refuses_marks_and_findings_that_do_not_go_together(self):
        self.assert_refused("x_buggy.c", BUGGY.replace(" /* REPORTED */", ""),
                            "x_buggy.c:3: a finding is expected, but no line is marked /* REPORTED */")
        alone = FIXED.replace(" */", " * EXPECT exit: 1\n */") + "lock(b); /* REPORTED */\n"
        self.assert_refused("x_buggy.c", alone, "x_buggy.c:8: marked /* REPORTED */, but no finding is expected")

    def test_refuses_a_missing_file_and_a_wrong_call(self):
        status, said = self.run_runner("tsan", os.path.join(self.folder, "x_buggy.c"), "/bin/true")
        self.assertEqual((status, said[-1]), (2, "0 passed, 1 failed"))
        self.assertIn("x_buggy.c", said[0])
        self.assertEqual(self.run_runner("gordian", self.write("x_fixed.c", FIXED), "/bin/true")[0], 2)
        self.assertEqual(self.run_runner("valgrind", self.write("x_fixed.c", FIXED), "/bin/true")[0], 2)

    def test_refuses_a_fixed_twin_that_is_missed(self):
        self.assert_refused("x_fixed.c", FIXED.replace("tsan: none", "tsan: misses"),
                            "x_fixed.c:4: in a fixed twin there is nothing to miss")

    # What gordian reports.

    def test_a_note_does_not_change_the_status(self):
        self.assertEqual(self.under_gordian(BUGGY, [{**deadlock(), "severity": "note"}], 0), (0, ["1 passed, 0 failed"]))

    def test_what_a_misuse_contradicts_is_named_but_not_where_it_was_made(self):
        finding = deadlock(kind="misuse.relock", shape=None, lines=(6, 6))
        held = {"lock": "L1", "stack": stack(("x_buggy.c", 7))}
        finding["holders"] = [{"thread": "T1", "event": "locked", "holds": [held]},
                              {"thread": "T1", "event": "initialised", "holds": [{**held, "stack": stack(("x_buggy.c", 1))}]}]
        self.assertEqual(self.under_gordian(BUGGY.replace("deadlock.potential", "misuse.relock"), [finding], 66),
                         (0, ["1 passed, 0 failed"]))

    def test_threads_are_no_locks(self):
        finding = deadlock()
        finding["locks"].append({"name": "thread T2", "kind": "thread"})
        self.assertEqual(self.under_gordian(BUGGY, [finding], 66), (0, ["1 passed, 0 failed"]))

    def test_options_reach_the_library(self):
        source = BUGGY.replace(" */", " * EXPECT options: max_held=3 quiet=1\n */", 1)
        report = self.write("made.json", json.dumps({"findings": [deadlock(lines=(7, 8))], "run": {"exit": 0}}))
        gordian = self.write("gordian", f'#!/bin/sh\n[ "$GORDIAN_OPTIONS" = max_held=3:quiet=1 ] && cp "{report}" "$3"\nexit 66\n', True)
        self.assertEqual(self.run_runner("gordian", self.write("x_buggy.c", source), "/bin/true", gordian),
                         (0, ["1 passed, 0 failed"]))

    def test_passes_a_report_that_is_as_expected(self):
        self.assertEqual(self.under_gordian(BUGGY, [deadlock()], 66), (0, ["1 passed, 0 failed"]))
        self.assertEqual(self.under_gordian(FIXED, [], 0, "x_fixed.c"), (0, ["1 passed, 0 failed"]))

    def test_order_of_the_locks_does_not_matter(self):
        self.assertEqual(self.under_gordian(BUGGY, [deadlock(locks=("b_lock", "a_lock"))], 66), (0, ["1 passed, 0 failed"]))

    def test_sees_a_missing_finding(self):
        self.assertEqual(self.under_gordian(BUGGY, [], 0), (1, [
            "x_buggy.c:3: gordian did not report: deadlock.potential a_lock b_lock", "0 passed, 1 failed"]))

    def test_sees_another_kind(self):
        self.assertEqual(self.under_gordian(BUGGY, [deadlock(kind="misuse.relock", shape=None)], 66), (1, [
            "x_buggy.c:3: gordian did not report: deadlock.potential a_lock b_lock",
            "x_buggy.c:6: gordian reported, but it is not expected: misuse.relock a_lock b_lock", "0 passed, 1 failed"]))

    def test_sees_other_locks(self):
        self.assertEqual(self.under_gordian(BUGGY, [deadlock(locks=("a_lock", "c_lock"))], 66), (1, [
            "x_buggy.c:3: gordian did not report: deadlock.potential a_lock b_lock",
            "x_buggy.c:6: gordian reported, but it is not expected: deadlock.potential shape=cycle a_lock c_lock",
            "0 passed, 1 failed"]))

    def test_sees_another_shape(self):
        source = BUGGY.replace("deadlock.potential", "deadlock.potential shape=self")
        self.assertEqual(self.under_gordian(source, [deadlock()], 66), (1, [
            "x_buggy.c:3: gordian did not report: deadlock.potential shape=self a_lock b_lock",
            "x_buggy.c:6: gordian reported, but it is not expected: deadlock.potential shape=cycle a_lock b_lock",
            "0 passed, 1 failed"]))

    def test_sees_one_finding_too_many(self):
        self.assertEqual(self.under_gordian(BUGGY, [deadlock(), deadlock()], 66), (1, [
            "x_buggy.c:6: gordian reported, but it is not expected: deadlock.potential shape=cycle a_lock b_lock",
            "0 passed, 1 failed"]))

    def test_sees_a_finding_in_a_fixed_twin(self):
        self.assertEqual(self.under_gordian(FIXED, [deadlock("x_fixed.c")], 66, "x_fixed.c"), (1, [
            "x_fixed.c:6: gordian reported, but it is not expected: deadlock.potential shape=cycle a_lock b_lock",
            "0 passed, 1 failed"]))

    def test_sees_lines_that_are_not_marked_and_marks_that_are_not_named(self):
        self.assertEqual(self.under_gordian(BUGGY, [deadlock(lines=(6, 9))], 66), (1, [
            "x_buggy.c:7: marked /* REPORTED */, but is not named by gordian's report",
            "x_buggy.c:9: is named by gordian's report, but is not marked /* REPORTED */", "0 passed, 1 failed"]))

    def test_a_line_may_be_named_by_one_tool_alone(self):
        source = BUGGY.replace("lock(a); /* REPORTED */", "lock(a); /* REPORTED BY gordian */")
        self.assertEqual(self.under_gordian(source, [deadlock()], 66), (0, ["1 passed, 0 failed"]))
        status, said = self.under_tsan(source, TSAN_INVERSION)
        self.assertEqual((status, said[-2:]), (1, [
            "x_buggy.c:6: is named by tsan's report, but is not marked /* REPORTED */", "0 passed, 1 failed"]))
        self.assert_refused("x_buggy.c", source.replace("BY gordian", "BY drd"),
                            "x_buggy.c:6: marked as reported by 'drd', which is neither gordian nor tsan")

    def test_sees_a_stack_without_the_file(self):
        finding = deadlock()
        finding["steps"][0]["wants"]["stack"] = stack(("/lib/other.c", 7))
        self.assertEqual(self.under_gordian(BUGGY, [finding], 66), (1, [
            "x_buggy.c:1: a stack in gordian's report names no line of this file", "0 passed, 1 failed"]))

    def test_sees_a_wrong_exit_status(self):
        self.assertEqual(self.under_gordian(BUGGY, [deadlock()], 0), (1, [
            "x_buggy.c:1: exit status 0 under gordian, expected 66", "0 passed, 1 failed"]))
        self.assertEqual(self.under_gordian(FIXED, [], 66, "x_fixed.c"), (1, [
            "x_fixed.c:1: exit status 66 under gordian, expected 0", "0 passed, 1 failed"]))
        self.assertEqual(self.under_gordian(BUGGY, [deadlock()], 66, own_status=139), (1, [
            "x_buggy.c:1: the program's exit status is 139, expected 0", "0 passed, 1 failed"]))

    def test_a_stopped_program_has_no_status_of_its_own(self):
        source = BUGGY.replace("potential", "actual")
        self.assertEqual(self.under_gordian(source, [deadlock(kind="deadlock.actual")], 66, own_status=143),
                         (0, ["1 passed, 0 failed"]))

    def test_sees_a_missing_report(self):
        gordian = self.write("gordian", "#!/bin/sh\nexit 66\n", True)
        status, said = self.run_runner("gordian", self.write("x_buggy.c", BUGGY), "/bin/true", gordian)
        self.assertEqual((status, said[-1]), (1, "0 passed, 1 failed"))
        self.assertIn("x_buggy.c:1: gordian wrote no JSON report", said[0])

    # What ThreadSanitizer reports.

    def test_reads_an_inversion(self):
        self.assertEqual(self.under_tsan(BUGGY, TSAN_INVERSION), (0, ["1 passed, 0 failed"]))

    def test_reads_a_race_and_its_variable(self):
        source = BUGGY.replace("lock-order-inversion", "data-race counter")
        self.assertEqual(self.under_tsan(source, TSAN_RACE), (0, ["1 passed, 0 failed"]))
        status, said = self.under_tsan(source.replace("counter", "balance"), TSAN_RACE)
        self.assertEqual((status, said[-3:]), (1, [
            "x_buggy.c:4: tsan did not report: data-race balance",
            "x_buggy.c:6: tsan reported, but it is not expected: data-race counter", "0 passed, 1 failed"]))

    def test_counts_every_report(self):
        status, said = self.under_tsan(BUGGY, TSAN_INVERSION + TSAN_RACE)
        self.assertEqual((status, said[-2:]), (1, [
            "x_buggy.c:6: tsan reported, but it is not expected: data-race counter", "0 passed, 1 failed"]))

    def test_a_known_false_alarm_must_still_be_one(self):
        source = FIXED.replace("tsan: none", "tsan: lock-order-inversion wrongly")
        self.assertEqual(self.under_tsan(source, TSAN_INVERSION, name="x_fixed.c"), (0, ["1 passed, 0 failed"]))
        self.assertEqual(self.under_tsan(source, "", name="x_fixed.c"), (1, [
            "x_fixed.c:4: tsan did not report: lock-order-inversion", "0 passed, 1 failed"]))

    def test_sees_the_programs_own_status(self):
        self.assertEqual(self.under_tsan(FIXED, "", 3, "x_fixed.c"), (1, [
            "x_fixed.c:1: exit status 3 under tsan, expected 0", "0 passed, 1 failed"]))

    def test_a_hang_must_be_a_hang(self):
        source = (BUGGY.replace("lock-order-inversion", "none").replace(" */", " * EXPECT exit: never\n */", 1)
                  .replace("deadlock.potential", "deadlock.actual"))
        self.assertEqual(self.under_tsan(source, "", 60, then="sleep"), (0, ["1 passed, 0 failed"]))
        self.assertEqual(self.under_tsan(source, "", 0), (1, [
            "x_buggy.c:1: expected never to end under tsan, but ended with 0", "0 passed, 1 failed"]))


if __name__ == "__main__":
    check.main()
