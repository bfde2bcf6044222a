"""Programs under gordian, for the tests that look at them from outside.

    GORDIAN, LIBRARY, PROGRAM = watched.paths(3)              what Bazel passes on the command line
    result = watched.under(GORDIAN, [PROGRAM, "case"])        `gordian run`, with its report
    result = watched.alone([PROGRAM, "case"])                 the same program by itself
    result = watched.preloaded(LIBRARY, [PROGRAM], folder)    with the library and without the command

A program that is still running at its timeout is ended with its whole session, and the test fails.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile

TIMEOUT_S = 60
STATUS_FOUND = 66


class Result:
    """How a program ended: status (negative for a signal), stdout, stderr, and the JSON report if there is one."""

    def __init__(self, status, stdout, stderr, report=None):
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
        self.report = report
        self.findings = [Finding(f) for f in report["findings"]] if report else None

    def __str__(self):
        found = "".join(f"  {finding}\n" for finding in self.findings or [])
        return f"status {self.status}\nfindings:\n{found}stdout:\n{self.stdout}stderr:\n{self.stderr}"


class Finding:
    """A finding of the report, reduced to what tests compare: the locks and lines of the knot itself, not of the other locks
    held at the time."""

    def __init__(self, finding):
        self.whole = finding
        self.kind = finding["kind"]
        self.shape = finding["shape"]
        self.count = finding["count"]
        self.pid = finding["pid"]
        self.steps = finding["steps"]
        self.holders = finding["holders"]
        names = {lock["id"]: lock["name"] for lock in finding["locks"]}
        wanted = [step["wants"]["lock"] for step in self.steps]
        self.locks = sorted(names[lock] for lock in wanted)
        self.sides = [side for step in self.steps + self.holders
                      for side in step["holds"] + ([step["wants"]] if "wants" in step else []) if side["lock"] in wanted]

    def stacks(self):
        """The stacks of the knot, of each side as a list of function names, innermost first."""
        return [[frame["function"] for frame in side["stack"]] for side in self.sides]

    def lines(self, *sources):
        """The places of the knot's acquisitions as "file:line". None stands for a stack without a line in these sources."""
        return {_place(side["stack"], sources) for side in self.sides}

    def __str__(self):
        return f"{self.kind} {self.shape} {' '.join(self.locks)}"


def _place(stack, sources):
    for frame in stack:
        name = os.path.basename(frame["file"] or "")
        if name in sources:
            return f"{name}:{frame['line']}"
    return None


def paths(count):
    """Take that many paths off the command line, as absolute ones."""
    taken = [os.path.abspath(path) for path in sys.argv[1:1 + count]]
    del sys.argv[1:1 + count]
    return taken


def environment(**changes):
    """This process's environment without what would reach the library, and with the changes."""
    kept = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "GORDIAN_OPTIONS")}
    return {**kept, **changes}


def execute(command, timeout=TIMEOUT_S, **options):
    """Run a command in a session of its own, and return its Result."""
    options.setdefault("env", environment())
    options.setdefault("stdin", subprocess.DEVNULL)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        options.setdefault("stderr", err)
        process = subprocess.Popen(command, stdout=out, start_new_session=True, **options)
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            end(process)
            status = "still running"
        out.seek(0)
        err.seek(0)
        return Result(status, out.read().decode(errors="surrogateescape"),
                      err.read().decode(errors="surrogateescape"))


def end(process):
    """End a process that leads its own session, and what it started there. The command ends its program when it is asked to."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def alone(command, **options):
    """Run the program by itself."""
    return execute(command, **options)


def under(gordian, command, arguments=(), **options):
    """Run the program with `gordian run`, with these arguments of the command's."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "report.json")
        result = execute([gordian, "run", "--json", path, *arguments, "--", *command], **options)
        report = None
        if os.path.exists(path) and os.path.getsize(path):
            with open(path, encoding="utf-8") as file:
                report = json.load(file)
        return Result(result.status, result.stdout, result.stderr, report)


def preloaded(library, command, folder, choices="", **options):
    """Run the program with the library alone: recordings in `folder`, and these choices in GORDIAN_OPTIONS."""
    options["env"] = {**options.get("env", environment()), "LD_PRELOAD": library,
                      "GORDIAN_OPTIONS": f"dir={folder}:{choices}"}
    return execute(command, **options)


def report_of(gordian, recordings):
    """The Result of `gordian report` over the recordings."""
    result = execute([gordian, "report", "--json", "-", *recordings])
    try:
        report = json.loads(result.stdout)
    except ValueError:
        report = None
    return Result(result.status, result.stdout, result.stderr, report)


def marked(source, functions=None):
    """The lines of a source file that carry /* REPORTED */, as "file:line"; of these functions only, if some are named."""
    found, inside = set(), None
    with open(source, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            start = re.match(r"\w.*\b(\w+)\(.*\) \{$", line)
            inside = start[1] if start else inside
            if "/* REPORTED */" in line and (functions is None or inside in functions):
                found.add(f"{os.path.basename(source)}:{number}")
    return found
