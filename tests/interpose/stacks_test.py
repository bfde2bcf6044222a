#!/usr/bin/env python3
"""Every stack in a report is the right one, or the inner part of the right one and marked as cut off. Never a wrong one.

    stacks_test.py GORDIAN STACKS STACKS_WITH_FRAME_POINTERS [Class.test...]

The program says which functions it was in; what the text report shows is compared with that.
"""

import os
import re
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import watched  # noqa: E402

GORDIAN, *PROGRAMS = watched.paths(3)

SIZE_OF_MUTEX = 40
KEPT_FRAMES = 256

SIDE = re.compile(r"    (holds|locks) (left|right)(?:\+0x([0-9a-f]+))?(?:, locked)? at")
FRAME = re.compile(r"        (\S+) +(\S+)( \(inlined\))?(?: \((\d+) times\))?(?: \(build id \w+\))?")
CUT = "        ... (cut off here"


class Stack:
    """A stack of the text report: the program's functions, innermost first, and whether it is marked as cut off."""

    def __init__(self):
        self.functions = []
        self.cut = False

    def is_true(self, functions):
        """Whether it is this one, or the inner part of it and says so."""
        if self.cut:
            return len(self.functions) > 0 and functions[:len(self.functions)] == self.functions
        return functions == self.functions

    def __str__(self):
        return " ".join(self.functions) + (" (cut)" if self.cut else "")


def are_true(stacks, truth):
    return all(stack.is_true(functions) for stack, functions in zip(stacks, truth))


def read_truth(printed):
    """Of each pair, the functions that the program was in: pair -> (those of left, those of right)."""
    truth = {}
    for line in printed.splitlines():
        pair, _, rest = line.partition(" ")
        held, _, wanted = rest.partition("/")
        truth[int(pair)] = (held.split(), wanted.split())
    return truth


def read_stacks(text):
    """The stacks of the thread that took the left lock first, not of the one that comes back_again: pair -> (Stack of left,
    Stack of right). Of libc's frames and of inlined ones the program does not say anything."""
    found, stack = [], None
    for line in text.splitlines():
        side = SIDE.fullmatch(line)
        frame = FRAME.fullmatch(line)
        if side:
            stack = Stack()
            found.append((int(side[3] or "0", 16) // SIZE_OF_MUTEX, side[2] == "right", stack))
        elif frame and stack:
            if "stacks.c:" in frame[2] and not frame[3]:
                stack.functions += [frame[1]] * int(frame[4] or 1)
        elif line.startswith(CUT) and stack:
            stack.cut = True
        else:
            stack = None
    stacks = {}
    for pair, right, stack in found:
        if "back_again" not in stack.functions:
            stacks.setdefault(pair, [None, None])[right] = stack
    return stacks


class StacksTest(unittest.TestCase):
    def check_stacks(self, *arguments):
        """Returns for each program, pair -> (Stack of left, Stack of right), all of them checked."""
        results = []
        for program in PROGRAMS:
            with self.subTest(program=os.path.basename(program), arguments=arguments), tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "report.txt")
                run = watched.under(GORDIAN, [program, *arguments], ["--full", "--text", path])
                self.assertEqual(run.report["run"]["exit"], 0, run)
                truth = read_truth(run.stdout)
                with open(path, encoding="utf-8") as file:
                    stacks = read_stacks(file.read())
                self.assertEqual(len(stacks), len([f for f in run.findings if f.shape != "signal"]))
                wrong = [f"{pair}: {left} / {right}\n  but it was {' '.join(truth[pair][0])} / {' '.join(truth[pair][1])}"
                         for pair, (left, right) in stacks.items() if not are_true((left, right), truth[pair])]
                self.assertEqual(wrong[:3], [], f"{len(wrong)} of {len(stacks)}")
                # Pairs that were taken in the same places are one finding.
                unseen = [sides for sides in truth.values() if not any(are_true(pair, sides) for pair in stacks.values())]
                self.assertEqual(unseen[:3], [], f"{len(unseen)} of {len(truth)}")
                results.append(stacks)
        return results

    def whole(self, stacks):
        """The share of the stacks that are not cut."""
        sides = [stack for pair in stacks.values() for stack in pair]
        return sum(not stack.cut for stack in sides) / len(sides)

    def test_paths_at_random(self):
        for seed in range(5):
            for stacks in self.check_stacks("at_random", str(seed)):
                self.assertGreater(self.whole(stacks), 0.5)

    def test_a_habit_that_is_broken(self):
        self.check_stacks("habit_broken")

    def test_habits_that_are_broken_at_random(self):
        for seed in range(5):
            self.check_stacks("habits_at_random", str(seed))

    def test_a_jump_out_of_the_functions_that_took_the_lock(self):
        self.check_stacks("jumped")

    def test_stacks_deeper_than_kept_are_cut_and_say_so(self):
        for stacks in self.check_stacks("deep"):
            self.assertEqual([stack.cut for stack in stacks[0]], [False, False])
            self.assertEqual([stack.cut for stack in stacks[1]], [True, True])
            for stack in stacks[1]:
                self.assertGreater(len(stack.functions), KEPT_FRAMES - 10)

    def test_signal_handlers(self):
        for stacks in self.check_stacks("signalled"):
            self.assertEqual(self.whole(stacks), 1)

    def test_a_frame_whose_address_is_in_memory(self):
        for stacks in self.check_stacks("out_of_realigned"):
            self.assertEqual(self.whole(stacks), 1)

    def test_code_without_unwind_tables(self):
        for stacks in self.check_stacks("out_of_untabled"):
            self.assertEqual(self.whole(stacks), 1)

    def test_callbacks_of_libc(self):
        for stacks in self.check_stacks("called_back"):
            self.assertEqual(self.whole(stacks), 1)

    def test_coroutines(self):
        for stacks in self.check_stacks("switched"):
            self.assertEqual(self.whole(stacks), 1)


if __name__ == "__main__":
    check.main()
