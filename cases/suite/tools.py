"""The tools that a case is run under. Each has a name, says whether it is installed, and judges one twin."""

import json
import os
import shutil
import subprocess
import tempfile

from suite import findings
from suite.process import LIMIT_S, run

STATUS_REPORTED = 66  # gordian's, when it has reported something
# The innermost symbolizer that is there; ThreadSanitizer looks for llvm-symbolizer only.
SYMBOLIZERS = ("llvm-symbolizer-19", "llvm-symbolizer")

FOUND, MISSED, FALSE_ALARM, SILENCE = "found", "missed", "false alarm", "correct silence"
AS_EXPECTED, WRONG, TOO_SLOW = "as expected", "wrong", "too slow"
# Valgrind runs a program a hundred times slower. What takes longer than this under it says nothing.
VALGRIND_LIMIT_S = 15


class Judgement:
    """verdict: what the tool did; wrong: how that differs from what the case expects, each line beginning with file and line."""

    def __init__(self, verdict, wrong=(), said="", found=(), seconds=0.0):
        self.verdict = verdict
        self.wrong = list(wrong)
        self.said = said
        self.found = list(found)
        self.seconds = seconds


def _ending(case, done, under):
    """What is wrong with how the program ended."""
    if case.never_ends:
        return [] if done.status is None else [f"{case.shown}:1: expected never to end{under}, but ended with {done.status}"]
    if done.status is None:
        return [f"{case.shown}:1: still running{under} after {done.seconds:.0f} s"]
    if done.crash():
        return [f"{case.shown}:1: crashed{under} with {done.crash()}"]
    if done.status != case.status:
        return [f"{case.shown}:1: exit status {done.status}{under}, expected {case.status}"]
    return []


def _verdict(case, found, wrong):
    if wrong:
        return WRONG
    if case.is_buggy:
        return FOUND if found else MISSED
    return FALSE_ALARM if found else SILENCE


class Native:
    """The program by itself."""

    name = "native"
    tsan = False

    def __init__(self, limit_s):
        self.limit_s = limit_s

    def version(self):
        return os.uname().release

    def judge(self, case, program):
        done = run([program], hangs=case.never_ends, limit_s=self.limit_s)
        wrong = _ending(case, done, "")
        return Judgement(WRONG if wrong else AS_EXPECTED, wrong, done.output, seconds=done.seconds)


class Gordian:
    """gordian, as a command's path."""

    name = "gordian"
    tsan = False

    def __init__(self, command, limit_s):
        self.command = command
        self.limit_s = limit_s

    def version(self):
        return subprocess.run([self.command, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()[-1]

    def judge(self, case, program):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report.json")
            options = {"GORDIAN_OPTIONS": ":".join(case.options)} if case.options else None
            done = run([self.command, "run", "--json", path, "--", program], options, limit_s=self.limit_s)
            if done.status is None:
                wrong = [f"{case.shown}:1: still running under gordian after {done.seconds:.0f} s"]
                return Judgement(WRONG, wrong, done.output, seconds=done.seconds)
            try:
                with open(path, encoding="utf-8") as file:
                    report = json.load(file)
            except (OSError, ValueError) as error:
                return Judgement(WRONG, [f"{case.shown}:1: gordian wrote no JSON report: {error}"], done.output)
        found = findings.of_gordian(report, case.name)
        wrong = findings.differences(case, "gordian", found)
        # Unless it was stopped in its deadlock, the program ends as it does alone.
        ends_alone = not any(f.kind in ("deadlock.actual", "hang.all_blocked") for f in found)
        if ends_alone and report["run"]["exit"] != case.status:
            wrong.append(f"{case.shown}:1: the program's exit status is {report['run']['exit']}, expected {case.status}")
        told = any(f.severity != "note" for f in found)
        wanted = STATUS_REPORTED if told or not ends_alone else case.status
        if done.status != wanted:
            wrong.append(f"{case.shown}:1: exit status {done.status} under gordian, expected {wanted}")
        return Judgement(_verdict(case, found, wrong), wrong, done.output, found, done.seconds)


class Tsan:
    """ThreadSanitizer, as a build of its own."""

    name = "tsan"
    tsan = True

    def __init__(self, limit_s):
        self.limit_s = limit_s

    def version(self):
        from suite.build import compiler
        return compiler(".c", True)

    def judge(self, case, program):
        # exitcode=0: the status stays the program's own, the reports are counted in the text.
        options = "exitcode=0:second_deadlock_stack=1"
        symbolizer = next(filter(None, map(shutil.which, SYMBOLIZERS)), None)
        if symbolizer:
            options += f":external_symbolizer_path={symbolizer}"
        done = run([program], {"TSAN_OPTIONS": options}, case.never_ends, self.limit_s)
        found = findings.of_tsan(done.output, case.name)
        wrong = findings.differences(case, "tsan", found) + _ending(case, done, " under tsan")
        return Judgement(_verdict(case, found, wrong), wrong, done.output, found, done.seconds)


class Valgrind:
    """Helgrind or DRD. Cases expect nothing of them: it is only said what they found."""

    tsan = False

    def __init__(self, name, limit_s):
        self.name = name
        self.limit_s = limit_s

    def version(self):
        if not shutil.which("valgrind"):
            return None
        return subprocess.run(["valgrind", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()

    def judge(self, case, program):
        with tempfile.TemporaryDirectory() as folder:
            # A file for each process: what two write into one cannot be read.
            command = ["valgrind", f"--tool={self.name}", "--xml=yes", f"--xml-file={folder}/%p", program]
            done = run(command, hangs=case.never_ends, limit_s=min(self.limit_s, VALGRIND_LIMIT_S))
            found = []
            for name in sorted(os.listdir(folder)):
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as xml:
                    found += findings.of_valgrind(xml.read(), case.name)
        if done.status is None and not case.never_ends and not found:
            return Judgement(TOO_SLOW, [], done.output, [], done.seconds)
        if case.is_buggy and case.all_marks():
            found = [finding for finding in found if finding.lines & case.all_marks()]
        return Judgement(_verdict(case, found, []), [], done.output, found, done.seconds)


NAMES = ("native", "gordian", "tsan", "helgrind", "drd")


def make(name, gordian, limit_s=LIMIT_S):
    """The tool of that name; `gordian`: the command's path."""
    if name == "gordian":
        return Gordian(gordian, limit_s)
    return {"native": Native, "tsan": Tsan}[name](limit_s) if name in ("native", "tsan") else Valgrind(name, limit_s)
