#!/usr/bin/env python3
"""The harness of the heavy programs sees what goes wrong in a run, by means of a light one.

    harness_test.py GORDIAN LIGHT [Class.test...]
"""

import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import watched  # noqa: E402
from tests.heavy import harness, run as heavy_run  # noqa: E402

GORDIAN, LIGHT = watched.paths(2)
VERSION = ["sh", "-c", "echo light 1.2.3"]


class HarnessTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def attempt(self, drive, **more):
        """Returns the Outcome of a program, of which no process is left."""
        more.setdefault("version", VERSION)
        outcome = harness.try_program(harness.Program("light", drive, **more), self.folder, GORDIAN,
                                      os.path.join(self.folder, "results"))
        self.assertEqual(harness.descendants(), {})
        return outcome

    def wrong(self, what, **more):
        """What is wrong with a program that runs the light one."""
        return "\n".join(self.attempt(lambda run: run.execute([LIGHT, what]), **more).wrong)

    def kept(self, name):
        with open(os.path.join(self.folder, "results", "light", name), encoding="utf-8") as file:
            return file.read()

    def test_nothing_is_wrong(self):
        outcome = self.attempt(lambda run: run.execute([LIGHT, "locks"]))
        self.assertEqual((outcome.wrong, outcome.findings, outcome.version), ([], [], "1.2.3"))
        self.assertEqual(outcome.events["mutex"], 2)
        self.assertGreater(outcome.watched_s, 0)
        self.assertGreater(outcome.native_s, 0)
        self.assertEqual(self.kept("watched/command1.out"), "done\n")
        self.assertIn("no finding", self.kept("watched/command1.txt"))

    def test_the_events_of_all_commands_are_added_up(self):
        outcome = self.attempt(lambda run: [run.execute([LIGHT, "locks"]) for _ in range(3)])
        self.assertEqual((outcome.wrong, outcome.events["mutex"]), ([], 6))

    def test_a_server(self):
        def drive(run):
            port = harness.free_port()
            with run.serve([LIGHT, "serve", str(port)], harness.listens(port)) as pid:
                with run.load():
                    pass
                return harness.read(f"/proc/{pid}/comm")

        outcome = self.attempt(drive)
        self.assertEqual((outcome.wrong, outcome.events["mutex"]), ([], 2))

    def test_another_answer(self):
        self.assertIn("the answers differ:\nnative:  b'done\\n'\nwatched: b'otherwise\\n'", self.wrong("differs"))

    def test_another_status(self):
        self.assertIn("watched: light ended with 3, not 0", self.wrong("fails"))

    def test_the_wrong_status_in_both(self):
        outcome = self.attempt(lambda run: run.execute([LIGHT, "locks"], status=7))
        self.assertIn("native: light ended with 0, not 7", outcome.wrong[0])
        self.assertIsNone(outcome.watched_s)

    def test_a_hang_is_ended_and_described(self):
        self.assertIn("watched: light was still running when its time was up", self.wrong("hangs", limit_s=3))
        self.assertRegex(self.kept("watched/hang.txt"), r"(?m)^== \d+ light: .*light hangs")
        # gordian was left the time to write its report.
        self.assertIn("2 mutex", self.kept("watched/command1.txt"))

    def test_processes_that_are_left_behind(self):
        grace, harness.GRACE_S = harness.GRACE_S, 0.2
        try:
            self.assertIn("watched: it left processes behind: light", self.wrong("leaves"))
        finally:
            harness.GRACE_S = grace

    def test_a_server_that_does_not_start(self):
        outcome = self.attempt(lambda run: run.serve([LIGHT, "locks"], lambda: False).__enter__())
        self.assertIn("it ended with 0 before it was ready\nlight said:\ndone", outcome.wrong[0])

    def test_a_finding(self):
        self.assertIn("(deadlock.potential, warning)", self.wrong("orders"))

    def test_a_finding_that_was_triaged(self):
        outcome = self.attempt(lambda run: run.execute([LIGHT, "orders"]),
                               triaged=(harness.Triaged("deadlock.potential", (("take_both",),), "on purpose"),))
        self.assertEqual((outcome.wrong, len(outcome.triaged)), ([], 1))
        self.assertIn("1 warning, (1 triaged)", heavy_run.row(outcome))

    def test_a_finding_in_other_functions_than_those_that_were_triaged(self):
        for kind, *ways in (("deadlock.potential", ("take_both", "elsewhere")), ("deadlock.actual", ("take_both",)),
                            ("deadlock.potential", ("left_right", "take_both")),
                            ("deadlock.potential", ("take_both",), ("elsewhere",))):
            self.assertIn("(deadlock.potential, warning)",
                          self.wrong("orders", triaged=(harness.Triaged(kind, tuple(ways), "on purpose"),)))

    def test_a_finding_of_other_locks_or_threads_than_those_that_were_triaged(self):
        for more in {"initialised": ("elsewhere",)}, {"steps": 3}:
            self.assertIn("(deadlock.potential, warning)", self.wrong("orders", triaged=(
                harness.Triaged("deadlock.potential", (("take_both",),), "on purpose", **more),)))

    def test_no_lock_event(self):
        self.assertEqual(self.wrong("no_locks"), "no lock event was seen")

    def test_what_gordian_says_besides(self):
        def drive(run):
            return run.execute(["sh", "-c", f'echo "gordian: no recording in /x: bad luck" >&2; {LIGHT} locks'])

        self.assertEqual(self.attempt(drive).wrong, ["watched: gordian: no recording in /x: bad luck"])
        self.assertEqual(self.attempt(drive, expected="bad luck").wrong, [])

    def test_a_client_that_fails(self):
        outcome = self.attempt(lambda run: run.client(["sh", "-c", "echo oh; exit 2"]))
        self.assertIn("ended with 2:\noh", outcome.wrong[0])

    def test_a_version_that_cannot_be_had(self):
        self.assertIn("no version", "\n".join(self.attempt(lambda run: None, version=["false"]).wrong))

    def test_every_program_is_known_by_its_name(self):
        known = heavy_run.known_programs()
        self.assertGreater(len(known), 20)
        self.assertEqual(list(known), sorted(known))

    def test_the_table(self):
        outcome = harness.Outcome("light", "1.2", native_s=2.0, watched_s=3.0, native_cpu_s=4.0, watched_cpu_s=5.0, events={"mutex": 1234, "cond": 0})
        lines = heavy_run.table([outcome]).splitlines()
        self.assertEqual([cell.strip() for cell in lines[2].split("|")[1:-1]],
                         ["light", "1.2", "mutex 1,234", "0", "2.00 s", "3.00 s", "1.50", "1.25", "ok"])
        self.assertEqual(len({len(line) for line in lines}), 1)


if __name__ == "__main__":
    harness.adopt_orphans()
    check.main()
