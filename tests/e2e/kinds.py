"""Scenarios of the programs kinds_*.c, each run alone and with `gordian run`, and what must be found in them.

    SPINLOCKS, = kinds.programs("spinlocks")     from the command line: GORDIAN PROGRAM... SOURCE...

    class SpinlocksTest(kinds.Scenarios):
        families = ["spin"]                      of the report's coverage.events: some of these calls were seen
    SPINLOCKS.add(SpinlocksTest, {
        "same_order": kinds.quiet(),
        "ab_ba_in_turn": kinds.found("deadlock.potential", "cycle", ["left_right", "right_left"]),
        "ab_ba_live": kinds.stopped("deadlock.actual", "cycle", ["left_then_right", "right_then_left"]),
    })

Each entry becomes a test of its own. The functions named are those of the program whose marks the finding must name, all of
them and nothing else: what is held and what is wanted there, by which lock and in which line.

    pthread_mutex_lock(&left);  /* REPORTED: holds left */
    pthread_mutex_lock(&right); /* REPORTED: wants right, holds right */

A lock without a symbol goes by its kind there ("semaphore").
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from tests.e2e import watched

TIMEOUT_S = 20  # of one run; the slowest takes about two seconds
LOOK_S = 0.02  # between two looks at a program that should not move
AWAKE_S = 0.3  # a program that does not sleep, and should not end, is left alone for so long

SEVERITIES = {
    "deadlock.potential": "warning",
    "deadlock.actual": "error",
    "hang.all_blocked": "error",
    "misuse.unlock_unlocked": "error",
    "misuse.unlock_not_owner": "error",
    "misuse.relock": "error",
    "misuse.destroy_locked": "error",
    "misuse.destroy_waited": "error",
    "misuse.use_destroyed": "error",
    "misuse.init_locked": "error",
    "misuse.exit_holding": "error",
    "misuse.wait_unlocked": "error",
    "misuse.cond_two_mutexes": "error",
    "misuse.sem_overflow": "error",
    "misuse.fork_held": "note",
    "misuse.bad_join": "error",
    "misuse.bad_barrier": "error",
    "blocking.wait_holding": "note",
    "starvation": "warning",
    "order.single_thread": "note",
}


class Expected:
    """One finding. `threads`: how many different ones take part."""

    def __init__(self, kind, shape, functions, threads=2, severity=None):
        self.kind = kind
        self.shape = shape
        self.functions = functions
        self.threads = threads
        self.severity = severity or SEVERITIES[kind]

    def headline(self):
        return self.kind, self.shape, self.severity


class Scenario:
    """What a scenario shows.

    expected: the findings; None: any, or none.
    hangs: alone it never ends; "awake": without all of its threads asleep.
    notes: whether notes of the kind blocking.wait_holding must be among the expected ones, too.
    options: for GORDIAN_OPTIONS.
    look: a function that checks more, given the test and the watched.Result.
    """

    def __init__(self, expected, hangs=False, notes=False, options="", look=None):
        self.expected = expected
        self.hangs = hangs
        self.notes = notes
        self.options = options
        self.look = look


def quiet(notes=True, **options):
    """Nothing is found, and the program ends by itself."""
    return Scenario([], notes=notes, **options)


def found(kind, shape, functions, threads=2, severity=None, **options):
    """There is one finding, and the program ends by itself."""
    return Scenario([Expected(kind, shape, functions, threads, severity)], **options)


def stopped(kind, shape, functions, threads=2, severity=None, hangs=True, **options):
    """There is one finding, and the program, which would never end, is ended."""
    return Scenario([Expected(kind, shape, functions, threads, severity)], hangs=hangs, **options)


def all_of(*scenarios):
    """All that is found in the scenarios is found in one."""
    return Scenario([e for scenario in scenarios for e in scenario.expected], hangs=any(s.hangs for s in scenarios),
                    notes=any(s.notes for s in scenarios))


def unharmed():
    """Whatever is found, the program does what it does alone."""
    return Scenario(None)


# ---- what a finding says ----


def headline(finding):
    return finding["kind"], finding["shape"], finding["severity"]


def lock_name(lock):
    """The name as marks have it: a symbol, a thread, or else the kind."""
    plain = re.fullmatch(r"[A-Za-z_]\w*(\+0x[0-9a-f]+)?", lock["name"]) or lock["kind"] == "thread"
    return lock["name"] if plain else lock["kind"]


def line_in(stack, source):
    """The line of the innermost frame that lies in the source; None when there is none."""
    name = os.path.basename(source)
    return next((frame["line"] for frame in stack if os.path.basename(frame["file"] or "") == name), None)


def sides(finding, source):
    """Every hold and wish of a finding of the report, as (role, lock, line)."""
    names = {lock["id"]: lock_name(lock) for lock in finding["locks"]}
    seen = set()
    for step in finding["steps"] + finding["holders"]:
        seen |= {("holds", names[hold["lock"]], line_in(hold["stack"], source)) for hold in step["holds"]}
        if "wants" in step:
            seen.add(("wants", names[step["wants"]["lock"]], line_in(step["wants"]["stack"], source)))
    return seen


def marked(source, functions):
    """The sides that the marks in these functions announce. Each function must have one."""
    announced, inside, without = set(), None, set(functions)
    with open(source, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            start = re.match(r"\w.*\b(\w+)\(.*\) \{$|def (\w+)\(", line)
            inside = start[1] or start[2] if start else inside
            mark = re.search(r"(?:/\*|#) REPORTED: (.*?)( \*/)?$", line)
            if mark and inside in functions:
                announced |= {(*side.split(" ", 1), number) for side in mark[1].split(", ")}
                without.discard(inside)
    assert not without, f"no mark in {without}"
    return announced


def threads_of(finding):
    return {side["thread"] for side in finding["steps"] + finding["holders"]}


# ---- running ----


def hangs(command, awake=False):
    """Whether the program, by itself, stops moving: each of its threads sleeps in a call that has no time limit and that is
    still the same a moment later. One that stays awake is only seen not to end."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, env=watched.environment(), stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=output, start_new_session=True)
        try:
            if awake:
                time.sleep(AWAKE_S)
                return process.poll() is None
            before, deadline = None, time.monotonic() + TIMEOUT_S
            while process.poll() is None and time.monotonic() < deadline:
                now = sleepers(process.pid)
                if now and now == before:
                    return True
                before = now
                time.sleep(LOOK_S)
            return False
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()


FUTEX, WAIT4, FLOCK, PAUSE = "202", "61", "73", "34"  # system calls of x86-64


def sleepers(pid):
    """The untimed calls that the threads of a process sleep in; None when one of them does not."""
    calls = {}
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/syscall", encoding="ascii") as file:
                call, *arguments = file.read().split()
            if call not in (FUTEX, WAIT4, FLOCK, PAUSE) or call == FUTEX and int(arguments[3], 16):
                return None
            calls[task] = [call, *arguments]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return calls


def run(gordian, command, scenario):
    """Returns its Result alone, None when it should hang; whether it then did; and its Result under gordian."""
    if scenario.hangs:
        alone, hung = None, hangs(command, scenario.hangs == "awake")
    else:
        alone, hung = watched.alone(command, timeout=TIMEOUT_S), True
    environment = watched.environment(**({"GORDIAN_OPTIONS": scenario.options} if scenario.options else {}))
    return alone, hung, watched.under(gordian, command, timeout=TIMEOUT_S, env=environment)


WORKERS = 2
_pool = ThreadPoolExecutor(WORKERS)
_wanted = {}  # the calls of run(), in the order of the tests
_runs = {}


def _result_of(key):
    """Runs go on in the background; all of them, unless the command line names some."""
    for other in [] if sys.argv[1:] or _runs else _wanted:
        _runs[other] = _pool.submit(run, *_wanted[other])
    if key not in _runs:
        _runs[key] = _pool.submit(run, *_wanted[key])
    return _runs[key].result()


# ---- the tests ----


class Scenarios(unittest.TestCase):
    maxDiff = None
    families = []
    source = None

    def check_scenario(self, scenario, alone, hung, under):
        self.assertTrue(hung, "it should hang when it runs alone, and does not")
        if alone:
            self.assertEqual(alone.status, 0, alone)
        self.assertIsNotNone(under.report, under)
        findings = [f for f in under.report["findings"] if scenario.notes or f["kind"] != "blocking.wait_holding"]
        if scenario.expected is not None:
            self.check_findings(scenario.expected, findings, under)
        serious = any(f["severity"] != "note" for f in findings)
        self.assertEqual(under.status, watched.STATUS_FOUND if serious else 0, under)
        if alone:
            self.assertEqual((under.report["run"]["exit"], under.stdout), (0, alone.stdout), under)
        if self.families:
            seen = sum(under.report["coverage"]["events"][family] for family in self.families)
            self.assertNotEqual(seen, 0, "its calls are not seen")
        self.assertEqual(under.report["coverage"]["damage"], [])
        self.assertEqual([process["off_reason"] for process in under.report["processes"] if process["off_reason"]], [])
        if scenario.look:
            scenario.look(self, under)

    def check_findings(self, expected, findings, under):
        explanation = str(under) + "".join(f"{headline(f)}: {sorted(sides(f, self.source), key=str)}\n" for f in findings)
        self.assertEqual(sorted(map(str, map(headline, findings))), sorted(str(e.headline()) for e in expected), explanation)
        for wanted in expected:
            finding = next(f for f in findings if headline(f) == wanted.headline())
            self.assertEqual(sides(finding, self.source), marked(self.source, wanted.functions), under)
            self.assertEqual(len(threads_of(finding)), wanted.threads, under)
            self.assertFalse(finding["suppressed"])


class Program:
    """A program with scenarios, and its source. `command` takes the name of a scenario as one more argument."""

    def __init__(self, gordian, command, source):
        self.gordian = gordian
        self.command = command
        self.source = source

    def add(self, test_class, scenarios):
        """Make a test of each scenario, and one that these are all that the program has."""
        test_class.source = self.source
        for name in sorted(scenarios):
            self._add(test_class, name, scenarios[name])
        test_class.test__all_are_here = lambda test: test.assertEqual(
            sorted(watched.alone([*self.command, "list"]).stdout.split()), sorted(scenarios))

    def _add(self, test_class, name, scenario):
        key = (*self.command, name)
        _wanted[key] = (self.gordian, key, scenario)
        setattr(test_class, f"test_{name}", lambda self: self.check_scenario(scenario, *_result_of(key)))

    def run(self, name, scenario):
        """The watched.Result of one scenario under gordian."""
        return run(self.gordian, [*self.command, name], scenario)[2]


def programs(*names):
    """Take the command and the programs and sources of these names off the command line."""
    gordian, *paths = watched.paths(1 + 2 * len(names))
    for name, path in zip(names * 2, paths):
        assert f"kinds_{name}" in os.path.basename(path), f"{path} given for {name}"
    return [Program(gordian, [program], source) for program, source in zip(paths, paths[len(names):])]
