"""What a case says about itself: its EXPECT lines, its marks, and whether they go together. cases/README.md describes them."""

import dataclasses
import os
import re

GORDIAN_KINDS = """
    deadlock.potential deadlock.actual hang.all_blocked misuse.unlock_unlocked misuse.unlock_not_owner misuse.relock
    misuse.destroy_locked misuse.destroy_waited misuse.use_destroyed misuse.init_locked misuse.exit_holding
    misuse.wait_unlocked misuse.cond_two_mutexes misuse.sem_overflow misuse.fork_held misuse.bad_join misuse.bad_barrier
    misuse.assertion
    blocking.wait_holding starvation order.single_thread""".split()
GORDIAN_SHAPES = "cycle self orphaned join signal mixed".split()
# Findings of these kinds may involve threads alone.
NAMELESS_KINDS = "deadlock.actual hang.all_blocked misuse.bad_join".split()
# Our word for each of ThreadSanitizer's headlines.
TSAN_KINDS = {
    "data-race": "data race",
    "lock-order-inversion": "lock-order-inversion (potential deadlock)",
    "double-lock": "double lock of a mutex",
    "unlock-unlocked": "unlock of an unlocked mutex (or by a wrong thread)",
    "read-unlock-unlocked": "read unlock of a write locked mutex",
    "destroy-locked": "destroy of a locked mutex",
    "use-destroyed": "use of an invalid mutex (e.g. uninitialized or destroyed)",
    "use-after-free": "heap-use-after-free",
    "signal-unsafe": "signal-unsafe call inside of a signal",
    "thread-leak": "thread leak",
}
TOOLS = ("gordian", "tsan")
MARK = "/* REPORTED */"
MARKS = re.compile(r"/\* REPORTED(?: BY (\w+))? \*/")
NAME = re.compile(r"(?P<pair>.+)_(?P<twin>buggy|fixed)\.(c|cc)")


def first_sentence(text):
    """Of a source file's head comment: what the case is about."""
    comment = re.match(r"/\*(.*?)\*/", text, re.S)
    words = " ".join(line.strip().lstrip("*").strip() for line in comment[1].splitlines()).strip() if comment else ""
    return re.split(r"(?<=[.!?])\s", words, maxsplit=1)[0]


class CaseError(Exception):
    """The case, not a tool, is wrong. The message begins with file and line."""


@dataclasses.dataclass
class Expectation:
    """One EXPECT line of a tool: a finding that must be made (kind None: none)."""

    line: int
    kind: str = None
    shape: str = None
    names: list = dataclasses.field(default_factory=list)
    wrongly: bool = False  # a known false alarm
    misses: bool = False  # there is one of its kind to be found


class Case:
    """One twin. Raises CaseError when the file is no case, OSError when it cannot be read. `shown`: what to call the file."""

    def __init__(self, path, shown=None):
        self.path = path
        self.shown = shown or path
        self.name = os.path.basename(path)
        self.topic = os.path.basename(os.path.dirname(os.path.abspath(path)))
        self.expected = {tool: [] for tool in TOOLS}
        self.status = 0  # of the program alone
        self.never_ends = False
        self.options = []
        self.marks = {tool: set() for tool in TOOLS}
        match = NAME.fullmatch(self.name)
        if not match:
            raise self.error(1, "is named neither NAME_buggy.c nor NAME_fixed.c")
        self.pair, self.twin = match["pair"], match["twin"]
        self.is_buggy = self.twin == "buggy"
        self.has_plugin = False
        with open(path, encoding="utf-8", errors="surrogateescape") as source:
            for number, text in enumerate(source, 1):
                for mark in MARKS.finditer(text):
                    self._add_mark(number, mark[1])
                if text.strip() == "#ifdef PLUGIN":
                    self.has_plugin = True
                if re.match(r"\s*(/\*|\*)?\s*EXPECT\b", text):
                    self._read_expect(number, text)
        self._check()

    def error(self, line, what):
        return CaseError(f"{self.shown}:{line}: {what}")

    def all_marks(self):
        return set().union(*self.marks.values())

    def _add_mark(self, number, only):
        if only and only not in TOOLS:
            raise self.error(number, f"marked as reported by '{only}', which is neither {' nor '.join(TOOLS)}")
        for tool in (only,) if only else TOOLS:
            self.marks[tool].add(number)

    def _read_expect(self, number, text):
        match = re.fullmatch(r"[\s/*]*EXPECT (\w+): (.*?)\s*(\*/)?\s*", text)
        if not match:
            raise self.error(number, "not of the form 'EXPECT TOOL: WHAT'")
        subject, words = match[1], match[2].split()
        if subject == "exit":
            self._read_exit(number, words)
        elif subject == "options":
            self.options += words
        elif subject in self.expected:
            self.expected[subject].append(self._parse(number, subject, words))
        else:
            raise self.error(number, f"unknown subject '{subject}': {', '.join(TOOLS)}, exit or options")

    def _read_exit(self, number, words):
        if words == ["never"]:
            self.never_ends = True
        elif len(words) == 1 and words[0].isascii() and words[0].isdigit() and int(words[0]) <= 255:
            self.status = int(words[0])
        else:
            raise self.error(number, "'EXPECT exit:' wants one exit status, or 'never'")

    def _parse(self, number, tool, words):
        if not words:
            raise self.error(number, f"'EXPECT {tool}:' wants a kind, 'none' or 'misses'")
        kind, rest = words[0], words[1:]
        expectation = Expectation(number)
        if kind in ("none", "misses"):
            expectation.misses = kind == "misses"
            if rest:
                raise self.error(number, f"'{' '.join(rest)}' after '{kind}'")
            return expectation
        if kind not in (GORDIAN_KINDS if tool == "gordian" else TSAN_KINDS):
            raise self.error(number, f"unknown kind '{kind}' for {tool}")
        expectation.kind = kind
        for word in rest:
            if tool == "gordian" and word.startswith("shape="):
                expectation.shape = word[len("shape="):]
                if expectation.shape not in GORDIAN_SHAPES:
                    raise self.error(number, f"unknown shape '{expectation.shape}'")
            elif word == "wrongly":
                expectation.wrongly = True
            else:
                expectation.names.append(word)
        if tool == "gordian" and not expectation.names and kind not in NAMELESS_KINDS:
            raise self.error(number, f"'{kind}' without the locks that must be named")
        if tool == "tsan" and kind != "data-race" and expectation.names:
            raise self.error(number, f"ThreadSanitizer names no locks, but '{' '.join(expectation.names)}' is expected")
        return expectation

    def _check(self):
        """Refuse what cannot be a case."""
        for tool, expectations in self.expected.items():
            if not expectations:
                raise self.error(1, f"has no 'EXPECT {tool}:'")
            if len(expectations) > 1 and any(e.kind is None for e in expectations):
                raise self.error(expectations[1].line, f"'none' beside another 'EXPECT {tool}:'")
        every = [e for expectations in self.expected.values() for e in expectations]
        findings = [e for e in every if e.kind and not e.wrongly]
        if self.is_buggy:
            self._check_buggy(every, findings)
        else:
            self._check_fixed(every, findings)

    def _check_buggy(self, every, findings):
        wrong = next((e for e in every if e.wrongly), None)
        if wrong:
            raise self.error(wrong.line, "a buggy twin is not reported 'wrongly'")
        if not findings and self.status == 0 and not self.never_ends:
            raise self.error(1, "a buggy twin must expect a finding or an exit status other than 0")
        if findings and not self.all_marks():
            raise self.error(findings[0].line, f"a finding is expected, but no line is marked {MARK}")
        if not findings and self.all_marks():
            raise self.error(min(self.all_marks()), f"marked {MARK}, but no finding is expected")

    def _check_fixed(self, every, findings):
        if findings:
            raise self.error(findings[0].line, "a fixed twin must not expect a finding")
        missed = next((e for e in every if e.misses), None)
        if missed:
            raise self.error(missed.line, "in a fixed twin there is nothing to miss")
        if self.never_ends:
            raise self.error(1, "a fixed twin must end")
        if self.status != 0:
            raise self.error(1, "a fixed twin must exit with 0")
        if self.all_marks():
            raise self.error(min(self.all_marks()), f"marked {MARK} in a fixed twin")
