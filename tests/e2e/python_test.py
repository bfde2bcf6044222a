#!/usr/bin/env python3
"""Python functions in stacks: the right ones, and a program that does not notice.

    python_test.py LIBRARY FRAMES [Class.test...]

With other interpreters in PYTHONS (paths separated by colons), those are tested instead of Debian's.
"""

import glob
import json
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import recorded, watched  # noqa: E402

LIBRARY, FRAMES = watched.paths(2)

PYTHONS = os.environ.get("PYTHONS", "/usr/bin/python3").split(":")
KEPT_FRAMES = 256
POTENTIAL, ACTUAL = 1, 2
CYCLE, ORPHANED = 1, 3


def as_recorded(frames):
    """Frames as a program prints them, as (function, file, line); without the encoding of what is no character."""
    return [tuple(part if isinstance(part, int) else part.encode("utf-8", "backslashreplace").decode() for part in frame)
            for frame in frames]


def ring(finding):
    """Of each step, the hold that the step before it wants, and what it wants."""
    sides = []
    for i, step in enumerate(finding.steps):
        wanted = finding.steps[i - 1].wants.lock
        sides += [(hold, step.wants) for hold in step.holds if hold.lock == wanted]
    return sides


class PythonTest(unittest.TestCase):
    def run_in(self, python, arguments, options=(), choices="quiet=1", **environment):
        """Run the program with the library; returns its Result and what was recorded."""
        with tempfile.TemporaryDirectory(prefix="python-test-") as folder:
            result = watched.preloaded(LIBRARY, [python, *options, *arguments], folder, choices,
                                       env=watched.environment(PYTHONDONTWRITEBYTECODE="1", **environment))
            paths = glob.glob(os.path.join(folder, "*.rec"))
            self.assertEqual(len(paths), 1, result)
            return result, recorded.Recording(paths[0])


class FramesTest(PythonTest):
    def check_frames(self, python, options=(), choices="quiet=1", kept=KEPT_FRAMES, **environment):
        native = watched.alone([python, *options, FRAMES], env=watched.environment(**environment))
        self.assertEqual((native.status, native.stderr), (0, ""), native)
        result, recording = self.run_in(python, [FRAMES], options, choices, **environment)
        self.assertEqual((result.status, result.stdout, result.stderr), (0, native.stdout, ""), result)
        truth = {name: [as_recorded(frames) for frames in both] for name, both in json.loads(native.stdout).items()}
        findings = [finding for finding in recording.findings if finding.kind == POTENTIAL]
        self.assertEqual([len(ring(finding)) for finding in findings], [2] * len(truth))
        for (name, (first, second)), finding in zip(truth.items(), findings):
            with self.subTest(case=name):
                for hold, want in ring(finding):
                    self.assertEqual((hold.frames, hold.cut), (first[:kept], len(first) > kept))
                    self.assertEqual((want.frames, want.cut), (second[:kept], len(second) > kept))
                    self.assertGreater(len(hold.native), 3)

    def for_each(self, *arguments, **choices):
        for python in PYTHONS:
            with self.subTest(python=python):
                self.check_frames(python, *arguments, **choices)

    def test_every_place(self):
        self.for_each()

    def test_development_mode(self):
        self.for_each(["-X", "dev"])

    def test_other_allocators(self):
        for allocator in ("malloc", "malloc_debug", "pymalloc_debug"):
            self.for_each(PYTHONMALLOC=allocator)

    def test_few_frames_kept(self):
        self.for_each(choices="quiet=1:stack_depth=5", kept=5)

    def test_a_wait_has_the_frames_of_its_try(self):
        for python in PYTHONS:
            with self.subTest(python=python):
                result, recording = self.run_in(python, [FRAMES, "deadlock"], choices="on_deadlock=stop:exit_code=66:quiet=1")
                self.assertEqual(result.status, 66, result)
                printed = [as_recorded(json.loads(line)) for line in result.stdout.splitlines()]
                self.assertEqual(len(printed), 4)
                finding, = [finding for finding in recording.findings if finding.kind == ACTUAL]
                self.assertEqual(finding.shape, CYCLE)
                holds, wants = zip(*ring(finding))
                # Both threads are in the same places.
                self.assertEqual([hold.frames for hold in holds], [frames for frames in printed if frames == holds[0].frames])
                self.assertEqual([want.frames for want in wants], [frames for frames in printed if frames == wants[0].frames])
                self.assertNotEqual(holds[0].frames, wants[0].frames)


# The child's main thread has a lock since before the fork. Its line says so.
INHERITED = """
import os, threading
mine, other, theirs = threading.Lock(), threading.Lock(), threading.Lock()
(ready_read, ready), (turn_read, turn), (ended_read, ended) = os.pipe(), os.pipe(), os.pipe()
def keep():
    with theirs: # theirs
        os.write(ready, b".")
        os.read(ended_read, 1)
thread = threading.Thread(target=keep)
thread.start()
os.read(ready_read, 1)
def both_ways():
    os.read(turn_read, 1)
    with other:
        with mine:
            os.write(ready, b".")
def fork():
    with mine: # mine
        child = os.fork()
        if not child:
            threading.Thread(target=both_ways).start()
            with other:
                pass
    if not child:
        os.write(turn, b".")
        os.read(ready_read, 1)
        theirs.acquire()
    return child
child = fork()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
os.write(ended, b".")
thread.join()
"""

def line_of(mark):
    return 1 + [line.endswith(mark) for line in INHERITED.split("\n")].index(True)


class InheritedTest(PythonTest):
    def test_what_a_child_of_fork_has(self):
        for python in PYTHONS:
            with self.subTest(python=python), tempfile.TemporaryDirectory(prefix="python-test-") as folder:
                result = watched.preloaded(LIBRARY, [python, "-W", "ignore", "-c", INHERITED], folder,
                                           "quiet=1:on_deadlock=stop:exit_code=66")
                self.assertEqual((result.status, result.stdout, result.stderr), (0, "66\n", ""), result)
                recordings = [recorded.Recording(path) for path in glob.glob(os.path.join(folder, "*.rec"))]
                findings, = [recording.findings for recording in recordings if recording.findings]
                predicted, orphaned = findings
                self.assertEqual((predicted.kind, predicted.shape), (POTENTIAL, CYCLE))
                innermost = [hold.frames[0] for hold, want in ring(predicted)]
                self.assertIn(("fork", "<string>", line_of("# mine")), innermost)
                self.assertEqual((orphaned.kind, orphaned.shape), (ACTUAL, ORPHANED))
                hold, = orphaned.steps[1].holds
                self.assertEqual(hold.frames[0], ("keep", "<string>", line_of("# theirs")))
                self.assertEqual(orphaned.steps[0].wants.frames[0][0], "fork")


PROGRAMS = {
    # What a capture does is not seen from the program: no exception, no object that stays, no collection, no frame.
    "unseen": """
import gc, sys, threading
threading.Thread(target=int).start()
lock, other = threading.Lock(), threading.Lock()
collections = []
gc.callbacks.append(lambda phase, info: collections.append(phase))
gc.set_threshold(1)
class Cycle:
    def __init__(self):
        self.self = self
def take():
    made = [Cycle()]
    del made
    before, references = len(collections), sys.getrefcount(take.__code__)
    lock.acquire()
    other.acquire()
    assert len(collections) == before, collections
    assert sys.getrefcount(take.__code__) == references
    other.release()
    lock.release()
for _ in range(100):
    take()
gc.disable()
take()
assert not gc.isenabled()
gc.enable()
try:
    lock.acquire(timeout="never")
except TypeError as error:
    print(error)
with lock:
    print(lock.acquire(False), lock.acquire(timeout=0.001))
""",
    # Interpreters beside the main one, in this thread and in others.
    "interpreters": """
import sys, threading
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
code = '''
import threading
lock, other = threading.Lock(), threading.Lock()
def take():
    with lock:
        with other:
            pass
thread = threading.Thread(target=take)
thread.start()
thread.join()
take()
'''
def create(own_gil):
    if sys.version_info >= (3, 13):
        return interpreters.create("isolated" if own_gil else "legacy")
    return interpreters.create(isolated=own_gil and sys.version_info >= (3, 12))
def run(own_gil=False):
    interpreter = create(own_gil)
    for _ in range(3):
        interpreters.run_string(interpreter, code)
    interpreters.destroy(interpreter)
for number in range(6):
    run(number % 2)
threads = [threading.Thread(target=run, args=(number % 2,)) for number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
exec(code)
print("done")
""",
    # Children of fork go on with what they know.
    "forks": """
import os, threading
lock, other = threading.Lock(), threading.Lock()
def take():
    with lock:
        with other:
            pass
threading.Thread(target=take).start()
take()
for _ in range(5):
    with lock:
        child = os.fork()
        if not child:
            with other:
                pass
    if not child:
        thread = threading.Thread(target=take)
        thread.start()
        thread.join()
        os._exit(7)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
take()
""",
    # Locks in the last moments: exit handlers, finalizers of what is left, daemons that go on.
    "the end": """
import atexit, sys, threading
lock = threading.Lock()
class Late:
    def __del__(self, lock=lock, other=threading.Lock()):
        with lock:
            with other:
                pass
        sys.stdout.write("late\\n") if sys and sys.stdout else None
def work(lock=threading.Lock()):
    while True:
        with lock:
            pass
late = Late()
late.cycle = late
kept = [Late()]
sys.modules["late"] = Late()
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
@atexit.register
def leave():
    with lock:
        print("leave")
""",
    # Many threads come and go with many places.
    "many": """
import sys, threading
sys.setswitchinterval(1e-5)
locks = [threading.Lock() for _ in range(8)]
space = {"locks": locks}
for i in range(200):
    exec(compile("\\n" * i + f"def take_{i}():\\n with locks[{i % 8}]:\\n  pass\\n", f"{i}.py", "exec"), space)
def work():
    for i in range(200):
        space[f"take_{i}"]()
for _ in range(5):
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("done")
""",
}


class HostTest(PythonTest):
    """No harm to the program: its output and status are as without the library."""

    def check_program(self, name):
        for python in PYTHONS:
            with self.subTest(python=python), tempfile.TemporaryDirectory(prefix="python-test-") as folder:
                command = [python, "-W", "ignore", "-c", PROGRAMS[name]]
                native = watched.alone(command)
                self.assertEqual(native.status, 0, native)
                for _ in range(3):
                    result = watched.preloaded(LIBRARY, command, folder, "quiet=1")
                    self.assertEqual((result.status, result.stdout, result.stderr), (0, native.stdout, native.stderr), result)
                for path in glob.glob(os.path.join(folder, "*.rec")):
                    recorded.Recording(path)

    def test_captures_are_not_seen_from_the_program(self):
        self.check_program("unseen")

    def test_interpreters_beside_the_main_one(self):
        self.check_program("interpreters")

    def test_children_of_forks(self):
        self.check_program("forks")

    def test_the_last_moments(self):
        self.check_program("the end")

    def test_many_threads_and_places(self):
        self.check_program("many")


if __name__ == "__main__":
    check.main()
