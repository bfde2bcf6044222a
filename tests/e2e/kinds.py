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
    "misuse.exit_holding": "warning",
    "misuse.wait_unlocked": "error",
    "misuse.cond_two_mutexes": "error",
    "misuse.sem_overflow": "error",
    "misuse.fork_held": "note",
    "misuse.bad_join": "error",
    "misuse.bad_barrier": "error",
    "misuse.assertion": "error",
    "blocking.wait_holding": "note",
    "starvation": "warning",
    "order.single_thread": "note",
}

# What the other side of a misuse did to the object, or does.
EVENTS = {
    "misuse.unlock_unlocked": "initialised",
    "misuse.unlock_not_owner": "locked",
    "misuse.relock": "locked",
    "misuse.destroy_locked": "locked",
    "misuse.destroy_waited": "waits",
    "misuse.use_destroyed": "destroyed",
    "misuse.init_locked": "locked",
    "misuse.exit_holding": "locked",
    "misuse.wait_unlocked": "locked",
    "misuse.sem_overflow": "initialised",
    "misuse.fork_held": "locked",
    "misuse.bad_join": "created",
    "misuse.bad_barrier": "initialised",
}

WAIT_HOLDING = "blocking.wait_holding"


class Expected:
    """One finding. `threads`: how many different ones take part. `maybe`: functions whose marks it may name."""

    def __init__(self, kind, shape, functions, threads=2, severity=None, maybe=()):
        self.kind = kind
        self.shape = shape
        self.functions = functions
        self.threads = threads
        self.severity = severity or SEVERITIES[kind]
        self.maybe = maybe

    def headline(self):
        return self.kind, self.shape, self.severity


class Scenario:
    """What a scenario shows.

    expected: the findings; None: any, or none.
    hangs: alone it never ends; "awake": without all of its threads asleep.
    ignored: kinds whose notes need not be among the expected ones.
    options: for GORDIAN_OPTIONS.
    look: a function that checks more, given the test and the watched.Result.
    """

    def __init__(self, expected, hangs=False, ignored=(WAIT_HOLDING,), options="", look=None):
        self.expected = expected
        self.hangs = hangs
        self.ignored = ignored
        self.options = options
        self.look = look


def quiet(ignored=(), **options):
    """Nothing is found, and the program ends by itself."""
    return Scenario([], ignored=ignored, **options)


def found(kind, shape, functions, threads=2, severity=None, maybe=(), **options):
    """There is one finding, and the program ends by itself."""
    return Scenario([Expected(kind, shape, functions, threads, severity, maybe)], **options)


def stopped(kind, shape, functions, threads=2, severity=None, hangs=True, **options):
    """There is one finding, and the program, which would never end, is ended."""
    return Scenario([Expected(kind, shape, functions, threads, severity)], hangs=hangs, **options)


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


def parts(finding):
    """Every hold and wish of a finding of the report, as (role, hold or wish). Of a deadlock, only those that are part of it:
    not what else its threads hold."""
    wanted = {step["wants"]["lock"] for step in finding["steps"]}
    for step in finding["steps"] + finding["holders"]:
        for hold in step["holds"]:
            if hold["lock"] in wanted or not finding["kind"].startswith("deadlock."):
                yield "holds", hold
        if "wants" in step:
            yield "wants", step["wants"]


def sides(finding, source):
    """The parts of a finding as marks have them: (role, lock, line)."""
    names = {lock["id"]: lock_name(lock) for lock in finding["locks"]}
    return {(role, names[part["lock"]], line_in(part["stack"], source)) for role, part in parts(finding)}


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


def is_ring(finding):
    """Whether each thread of a deadlock waits for the next, and the last for the first: for what it holds, for its end, or, as
    a reader, behind it as a writer."""
    steps, kinds = finding["steps"], {lock["id"]: lock for lock in finding["locks"]}
    for i, step in enumerate(steps):
        wanted, following = step["wants"]["lock"], [steps[(i + n) % len(steps)] for n in (1, 2)]
        holding = [any(hold["lock"] == wanted for hold in other["holds"]) for other in following]
        ends = kinds[wanted]["kind"] == "thread" and f"T{int(kinds[wanted]['address'], 16)}" == following[0]["thread"]
        if not (holding[0] or ends or following[0]["wants"]["lock"] == wanted and holding[1]):
            return False
    return True


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
GONE = ["-1", "0x0", "0x0"]  # the first thread, when it has ended before the others


def sleepers(pid):
    """The untimed calls that the threads of a process sleep in; None when one of them does not."""
    calls = {}
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/syscall", encoding="ascii") as file:
                call, *arguments = file.read().split()
            if [call, *arguments] == GONE:
                continue
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
        findings = [f for f in under.report["findings"] if f["severity"] != "note" or f["kind"] not in scenario.ignored]
        if scenario.expected is not None:
            self.check_findings(scenario.expected, findings, under)
        serious = any(f["severity"] != "note" for f in findings)
        self.assertEqual(under.status, watched.STATUS_FOUND if serious else 0, under)
        if alone:
            self.assertEqual((under.report["run"]["exit"], under.stdout), (0, alone.stdout), under)
        if scenario.expected == []:  # that nothing is found must not be because nothing was seen
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
            maybe = sides(finding, self.source) & marked(self.source, wanted.maybe)
            self.assertEqual(sides(finding, self.source), marked(self.source, wanted.functions) | maybe, under)
            self.assertEqual(len(threads_of(finding)), wanted.threads + bool(maybe), under)
            self.assertLessEqual({holder.get("event") for holder in finding["holders"]}, {EVENTS.get(wanted.kind)}, under)
            if wanted.kind.startswith("deadlock.") and wanted.shape != "orphaned":
                self.assertTrue(is_ring(finding), under)
            self.assertFalse(finding["suppressed"])
            for step in (*finding["steps"], *finding["holders"]):
                for side in (*step["holds"], *filter(None, [step.get("wants")])):
                    self.assertFalse([frame for frame in side["stack"] if "libgordian" in (frame["module"] or "")], under)


class Program:
    """A program with scenarios, and its source. `command` takes the name of a scenario as one more argument."""

    def __init__(self, gordian, command, source):
        self.gordian = gordian
        self.command = command
        self.source = source

    def add(self, test_class, scenarios):
        """Make a test of each scenario, and one that these are all that the program has. What follows a slash in a name
        tells apart two ways to run one."""
        test_class.source = self.source
        for name in sorted(scenarios):
            self._add(test_class, name, scenarios[name])
        test_class.test__all_are_here = lambda test: test.assertEqual(
            sorted(watched.alone([*self.command, "list"]).stdout.split()), sorted({name.split("/")[0] for name in scenarios}))

    def _add(self, test_class, name, scenario):
        key = (*self.command, name)
        _wanted[key] = (self.gordian, [*self.command, name.split("/")[0]], scenario)
        setattr(test_class, "test_" + name.replace("/", "_"), lambda self: self.check_scenario(scenario, *_result_of(key)))


def programs(*names):
    """Take the command and the programs and sources of these names off the command line."""
    gordian, *paths = watched.paths(1 + 2 * len(names))
    for name, path in zip(names * 2, paths):
        assert f"kinds_{name}" in os.path.basename(path), f"{path} given for {name}"
    return [Program(gordian, [program], source) for program, source in zip(paths, paths[len(names):])]
