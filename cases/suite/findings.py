"""What the tools report, in one form: read from gordian's JSON, ThreadSanitizer's text and Valgrind's XML, and compared with
what a case expects."""

import os
import re
import xml.etree.ElementTree as ElementTree

from suite.case import MARK, TSAN_KINDS


class Finding:
    """kind, shape, the names it gives, and the lines of the case it names (innermost frames; None: a stack names none)."""

    def __init__(self, kind, shape, names, lines, severity="error"):
        self.kind = kind
        self.shape = shape
        self.names = sorted(names)
        self.lines = lines
        self.severity = severity

    def __str__(self):
        shape = f"shape={self.shape} " if self.shape else ""
        return f"{self.kind} {shape}{' '.join(self.names)}".rstrip()


def line_of(stack, name):
    """The line of the innermost frame that lies in the case, None when there is none."""
    for frame in stack:
        if os.path.basename(frame.get("file") or "") == name:
            return frame.get("line")
    return None


def of_gordian(report, name):
    """The findings of a JSON report."""
    findings = []
    for finding in report["findings"]:
        stacks = []
        for step in finding["steps"]:
            sides = list(step.get("holds") or [])
            if step.get("wants"):
                sides.append(step["wants"])
            stacks += [side["stack"] for side in sides]
        # What the misuse contradicts, or what a thread that is gone has left behind. Where something was made is no part of it.
        for holder in finding.get("holders") or []:
            if holder.get("event") not in ("initialised", "created"):
                stacks += [side["stack"] for side in holder["holds"]]
        lines = {line_of(stack, name) for stack in stacks}
        locks = [lock["name"] for lock in finding["locks"] if lock["kind"] != "thread"]
        findings.append(Finding(finding["kind"], finding.get("shape"), locks, lines, finding["severity"]))
    return findings


def of_tsan(text, name):
    """The reports in ThreadSanitizer's output."""
    findings = []
    for block in re.split(r"^WARNING: ThreadSanitizer: ", text, flags=re.M)[1:]:
        headline, _, body = block.partition("\n")
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


def of_valgrind(xml, name):
    """The errors in what Helgrind or DRD wrote, also when it was ended in the middle. Those about schedule.h's relaxed atomics, which
    Valgrind takes for plain accesses, are left out."""
    findings = []
    for text in re.findall(r"<error>.*?</error>", xml, flags=re.S):
        try:
            error = ElementTree.fromstring(text)
        except ElementTree.ParseError:
            continue  # a process that was ended has left half of one
        stacks = [[{"function": frame.findtext("fn") or "", "file": frame.findtext("file"),
                    "line": int(frame.findtext("line") or 0)} for frame in stack] for stack in error.iter("stack")]
        if stacks and stacks[0] and stacks[0][0]["function"].startswith("schedule_"):
            continue
        findings.append(Finding(error.findtext("kind"), None, [], {line_of(stack, name) for stack in stacks}))
    return findings


def differences(case, tool, findings):
    """Compare what was found with what is expected. Returns the differences as strings, each beginning with file and line."""
    expectations = [e for e in case.expected[tool] if e.kind]
    left = list(findings)
    wrong = []
    for expectation in expectations:
        match = next((f for f in left if _is(f, expectation, tool)), None)
        if match:
            left.remove(match)
            if expectation.wrongly:
                findings = [f for f in findings if f is not match]
        else:
            wanted = Finding(expectation.kind, expectation.shape, expectation.names, set())
            wrong.append(f"{case.shown}:{expectation.line}: {tool} did not report: {wanted}")
    for finding in left:
        line = min((n for n in finding.lines if n), default=case.expected[tool][0].line)
        wrong.append(f"{case.shown}:{line}: {tool} reported, but it is not expected: {finding}")
    if not wrong and findings:
        wrong = _lines_that_differ(case, tool, findings)
    return wrong


def _is(finding, expectation, tool):
    # ThreadSanitizer may say more about the place of a race than the case does.
    names_match = finding.names == sorted(expectation.names) or (tool == "tsan" and not expectation.names)
    return finding.kind == expectation.kind and expectation.shape in (None, finding.shape) and names_match


def _lines_that_differ(case, tool, findings):
    named = set().union(*(f.lines for f in findings))
    wrong = [f"{case.shown}:{line}: marked {MARK}, but is not named by {tool}'s report" for line in sorted(case.marks[tool] - named)]
    wrong += [f"{case.shown}:{line}: is named by {tool}'s report, but is not marked {MARK}"
              for line in sorted(named - case.marks[tool] - {None})]
    if None in named:
        wrong.append(f"{case.shown}:1: a stack in {tool}'s report names no line of this file")
    return wrong
