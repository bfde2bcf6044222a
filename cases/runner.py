#!/usr/bin/env python3
"""Runs one program of the suite under one tool and compares what the tool says with the program's own EXPECT lines.

    runner.py gordian CASE.c PROGRAM GORDIAN     PROGRAM built from CASE.c; GORDIAN is the command
    runner.py tsan    CASE.c PROGRAM             PROGRAM built from CASE.c with -fsanitize=thread

README.md in this folder describes what a case says about itself. Prints each difference as `CASE.c:LINE: what is wrong`,
then "1 passed, 0 failed" or "0 passed, 1 failed". The status is 0 when all is as expected, 1 when not, 2 when the case or
the call of the runner is not in order.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile

GORDIAN_KINDS = """
    deadlock.potential deadlock.actual hang.all_blocked misuse.unlock_unlocked misuse.unlock_not_owner misuse.relock
    misuse.destroy_locked misuse.destroy_waited misuse.use_destroyed misuse.init_locked misuse.exit_holding
    misuse.wait_unlocked misuse.cond_two_mutexes misuse.sem_overflow misuse.fork_held misuse.bad_join misuse.bad_barrier
    blocking.wait_holding starvation order.single_thread""".split()
GORDIAN_SHAPES = "cycle self orphaned join signal mixed".split()
# Our word for each of ThreadSanitizer's headlines.
TSAN_KINDS = {
    "data-race": "data race",
    "lock-order-inversion": "lock-order-inversion (potential deadlock)",
    "double-lock": "double lock of a mutex",
    "unlock-unlocked": "unlock of an unlocked mutex (or by a wrong thread)",
    "destroy-locked": "destroy of a locked mutex",
}

TIMEOUT_S = 40  # of a program that must end
HANG_S = 4  # after this, a program that is expected to hang has hung
STATUS_REPORTED = 66  # gordian's, when it has reported something


class CaseError(Exception):
    """The case, not the tool, is wrong. The message begins with file and line."""


class Expectation:
    """One EXPECT line of a tool: a finding that must be made, nothing (kind None), or nothing because it hangs."""

    def __init__(self, line):
        self.line = line
        self.kind = None
        self.shape = None
        self.names = []
        self.hangs = False
        self.wrongly = False


class Case:
    """What a source file says about itself."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        self.expected = {"gordian": [], "tsan": []}
        self.status = 0
        self.marks = set()
        with open(path, encoding="utf-8") as source:
            for number, text in enumerate(source, 1):
                if "/* REPORTED */" in text:
                    self.marks.add(number)
                if re.match(r"\s*(/\*|\*)?\s*EXPECT\b", text):
                    self._read_expect(number, text)
        self._check()

    def error(self, line, what):
        return CaseError(f"{self.path}:{line}: {what}")

    def _read_expect(self, number, text):
        match = re.fullmatch(r"[\s/*]*EXPECT (\w+): (.*?)\s*(\*/)?\s*", text)
        if not match:
            raise self.error(number, "not of the form 'EXPECT TOOL: WHAT'")
        subject, words = match[1], match[2].split()
        if subject == "exit":
            if len(words) != 1 or not words[0].isdigit() or int(words[0]) > 255:
                raise self.error(number, "'EXPECT exit:' wants one exit status")
            self.status = int(words[0])
        elif subject in self.expected:
            self.expected[subject].append(self._parse(number, subject, words))
        else:
            raise self.error(number, f"unknown subject '{subject}': gordian, tsan or exit")

    def _parse(self, number, tool, words):
        if not words:
            raise self.error(number, f"'EXPECT {tool}:' wants a kind or 'none'")
        expectation = Expectation(number)
        kind, rest = words[0], words[1:]
        if kind == "none":
            if tool == "tsan" and rest == ["hangs"]:
                expectation.hangs = True
            elif rest:
                raise self.error(number, f"'{' '.join(rest)}' after 'none'")
            return expectation
        if kind not in (GORDIAN_KINDS if tool == "gordian" else TSAN_KINDS):
            raise self.error(number, f"unknown kind '{kind}' for {tool}")
        expectation.kind = kind
        for word in rest:
            if tool == "gordian" and word.startswith("shape="):
                expectation.shape = word[len("shape="):]
                if expectation.shape not in GORDIAN_SHAPES:
                    raise self.error(number, f"unknown shape '{expectation.shape}'")
            elif tool == "tsan" and word == "wrongly":
                expectation.wrongly = True
            else:
                expectation.names.append(word)
        if tool == "gordian" and not expectation.names:
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
        every = self.expected["gordian"] + self.expected["tsan"]
        findings = [e for e in every if e.kind and not e.wrongly]
        if self.name.endswith("_buggy.c"):
            wrong = next((e for e in every if e.wrongly), None)
            if wrong:
                raise self.error(wrong.line, "a buggy twin is not reported 'wrongly'")
            if not findings and self.status == 0:
                raise self.error(1, "a buggy twin must expect a finding or an exit status other than 0")
            if findings and not self.marks:
                raise self.error(findings[0].line, "a finding is expected, but no line is marked /* REPORTED */")
            if not findings and self.marks:
                raise self.error(min(self.marks), "marked /* REPORTED */, but no finding is expected")
        elif self.name.endswith("_fixed.c"):
            if findings:
                raise self.error(findings[0].line, "a fixed twin must not expect a finding")
            hang = next((e for e in every if e.hangs), None)
            if hang:
                raise self.error(hang.line, "a fixed twin must not hang")
            if self.status != 0:
                raise self.error(1, "a fixed twin must exit with 0")
            if self.marks:
                raise self.error(min(self.marks), "marked /* REPORTED */ in a fixed twin")
        else:
            raise self.error(1, "is named neither NAME_buggy.c nor NAME_fixed.c")


class Finding:
    """What a tool reported: kind, shape, the names it gives, and the lines of the case it names (innermost frames)."""

    def __init__(self, kind, shape, names, lines):
        self.kind = kind
        self.shape = shape
        self.names = sorted(names)
        self.lines = lines

    def __str__(self):
        shape = f"shape={self.shape} " if self.shape else ""
        return f"{self.kind} {shape}{' '.join(self.names)}".rstrip()


def run(command, timeout_s, environment=None):
    """Run a command in a folder of its own. Returns its status (None: still running at the timeout) and its output."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+", errors="replace") as output:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, stdout=output,
            stderr=output, start_new_session=True)
        try:
            status = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            status = None
            # The command may have children: end the session that was made for it, and give gordian time to end its own.
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        return status, output.read()


def line_of(stack, name):
    """The line of the innermost frame that lies in the case, None when there is none."""
    for frame in stack:
        if os.path.basename(frame.get("file") or "") == name:
            return frame.get("line")
    return None


def gordian_findings(report, name):
    """The findings of a JSON report."""
    findings = []
    for finding in report["findings"]:
        stacks = []
        for step in finding["steps"]:
            sides = list(step.get("holds") or [])
            if step.get("wants"):
                sides.append(step["wants"])
            stacks += [side["stack"] for side in sides]
        lines = {line_of(stack, name) for stack in stacks}
        locks = [lock["name"] for lock in finding["locks"]]
        findings.append(Finding(finding["kind"], finding.get("shape"), locks, lines))
    return findings


def tsan_findings(text, name):
    """The reports in ThreadSanitizer's output."""
    findings = []
    for block in re.split(r"^WARNING: ThreadSanitizer: ", text, flags=re.M)[1:]:
        headline, body = block.split("\n", 1)
        headline = re.sub(r" \(pid=\d+\)$", "", headline)
        kind = next((kind for kind, says in TSAN_KINDS.items() if says == headline), headline)
        names = re.findall(r"Location is global '([^']*)'", body)
        lines = set()
        for section in re.split(r"\n\s*\n", body):
            # The accesses and acquisitions; not the places where threads were created and memory allocated.
            if not re.match(r"\s*(Previous |Atomic |Read |Write |.* acquired |    #)", section.strip("\n"), re.I):
                continue
            frames = [{"file": m[1], "line": int(m[2])} for m in re.finditer(r"#\d+ \S.* (\S+?):(\d+)(?::\d+)? ", section)]
            lines.add(line_of(frames, name))
        findings.append(Finding(kind, None, names, lines))
    return findings


def differences(case, tool, findings):
    """Compare what was found with what is expected. Returns the differences as strings."""
    expectations = [e for e in case.expected[tool] if e.kind]
    left = list(findings)
    wrong = []
    for expectation in expectations:
        match = next((f for f in left if f.kind == expectation.kind
                      and expectation.shape in (None, f.shape)
                      and (not expectation.names or f.names == sorted(expectation.names))), None)
        if match:
            left.remove(match)
            if expectation.wrongly:
                findings = [f for f in findings if f is not match]
        else:
            wanted = Finding(expectation.kind, expectation.shape, expectation.names, set())
            wrong.append(f"{case.path}:{expectation.line}: {tool} did not report: {wanted}")
    for finding in left:
        line = min((n for n in finding.lines if n), default=case.expected[tool][0].line)
        wrong.append(f"{case.path}:{line}: {tool} reported, but it is not expected: {finding}")
    if not wrong and findings:
        named = set().union(*(f.lines for f in findings))
        for line in sorted(case.marks - named):
            wrong.append(f"{case.path}:{line}: marked /* REPORTED */, but is not named by {tool}'s report")
        for line in sorted(named - case.marks - {None}):
            wrong.append(f"{case.path}:{line}: is named by {tool}'s report, but is not marked /* REPORTED */")
        if None in named:
            wrong.append(f"{case.path}:1: a stack in {tool}'s report names no line of this file")
    return wrong


def run_gordian(case, program, gordian):
    """Run the program under gordian. Returns the differences and the output."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "report.json")
        status, said = run([gordian, "run", "--json", path, "--", program], TIMEOUT_S)
        if status is None:
            return [f"{case.path}:1: still running under gordian after {TIMEOUT_S} s"], said
        try:
            with open(path, encoding="utf-8") as file:
                report = json.load(file)
        except (OSError, ValueError) as error:
            return [f"{case.path}:1: gordian wrote no JSON report: {error}"], said
    findings = gordian_findings(report, case.name)
    wrong = differences(case, "gordian", findings)
    wanted = STATUS_REPORTED if any(e.kind for e in case.expected["gordian"]) else case.status
    if status != wanted:
        wrong.append(f"{case.path}:1: exit status {status} under gordian, expected {wanted}")
    # Unless it was stopped in its deadlock, the program ends as it does alone.
    stopped = any(f.kind in ("deadlock.actual", "hang.all_blocked") for f in findings)
    if not stopped and report["run"]["exit"] != case.status:
        wrong.append(f"{case.path}:1: the program's exit status is {report['run']['exit']}, expected {case.status}")
    return wrong, said


def run_tsan(case, program):
    """Run the ThreadSanitizer build. Returns the differences and the output."""
    hangs = any(e.hangs for e in case.expected["tsan"])
    # exitcode=0: the status stays the program's own, the reports are counted in the text.
    options = "exitcode=0:second_deadlock_stack=1:external_symbolizer_path=/usr/bin/llvm-symbolizer-19"
    status, said = run([program], HANG_S if hangs else TIMEOUT_S, {"TSAN_OPTIONS": options})
    wrong = differences(case, "tsan", tsan_findings(said, case.name))
    if hangs and status is not None:
        wrong.append(f"{case.path}:{case.expected['tsan'][0].line}: expected to hang under tsan, but ended with {status}")
    elif not hangs and status is None:
        wrong.append(f"{case.path}:1: still running under tsan after {TIMEOUT_S} s")
    elif not hangs and status != case.status:
        wrong.append(f"{case.path}:1: exit status {status} under tsan, expected {case.status}")
    return wrong, said


def main(arguments):
    tool = arguments[0] if arguments else None
    if len(arguments) != {"gordian": 4, "tsan": 3}.get(tool):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        case = Case(arguments[1])
    except (CaseError, OSError) as error:
        print(f"{error}\n0 passed, 1 failed")
        return 2
    program = os.path.abspath(arguments[2])
    if tool == "gordian":
        wrong, said = run_gordian(case, program, os.path.abspath(arguments[3]))
    else:
        wrong, said = run_tsan(case, program)
    if wrong:
        print(said + "\n".join(wrong) + "\n0 passed, 1 failed")
        return 1
    print("1 passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
