"""Real programs at work, by themselves and with the library preloaded: time, processor time, peak memory.

The programs and how they are used are those of tests/heavy. A run here is preloaded alone: there is no `gordian run` around it, whose
report at the end would count. Both runs must give the same answer: then they have done the same work. Clients are never
watched, and their processor time does not count.
"""

import contextlib
import dataclasses
import os
import shutil
import statistics
import subprocess
import tempfile
import time

from bench.measure import BenchError, figures, interleave
from tests.heavy import harness
from tests.heavy.run import known_programs

OURS = ("native", "gordian")
NAMES = ("mariadb", "redis", "memcached", "nginx", "sqlite", "python-threads", "xz", "zstd", "pigz", "x264", "node", "java", "make")
QUICK = ("redis", "java-start")
MIB = 2 ** 20
ALLOWED_PART, ALLOWED = 0.06, 8  # more memory than native: the larger of a part and MiB


def start_java(run):
    """The start of a virtual machine, which makes some thirty threads."""
    for _ in range(5):
        run.execute(["java", "-Xmx64m", "-version"])
    return "started"


STARTS = {"java-start": harness.Program("java-start", start_java, ["java", "-version"])}


@dataclasses.dataclass(frozen=True)
class Application:
    name: str
    size: None = None

    @property
    def id(self):
        return f"applications/{self.name}"

    @property
    def label(self):
        return self.name

    @property
    def quick(self):
        return self.name in QUICK


def rows():
    return [Application(name) for name in (*NAMES, *STARTS)]


class Process(subprocess.Popen):
    """A process that keeps what it has used when it has ended (`usage`); of its children, those that it has waited for."""

    usage = None

    def _try_wait(self, wait_flags):
        try:
            pid, status, usage = os.wait4(self.pid, wait_flags)
        except ChildProcessError:
            return self.pid, 0
        if pid == self.pid:
            self.usage = usage
        return pid, status


class Run(harness.Run):
    """A run in which the program has the tool's environment."""

    def __init__(self, program, folder, shared, preload):
        super().__init__(program, folder, shared, time.monotonic() + program.limit_s)
        self.processes = []
        self.more = {}
        if preload:
            os.makedirs(self.path("recordings"))
            self.give(self.path("recordings"))
            self.more = {"LD_PRELOAD": preload, "GORDIAN_OPTIONS": f"dir={self.path('recordings')}:quiet=1"}

    def _start(self, command, on_deadlock, stdin, env, cwd):
        self.commands += 1
        prefix = self.path(f"command{self.commands}")
        with open(prefix + ".out", "wb") as out, open(prefix + ".err", "wb") as err:
            process = Process(list(command), stdin=stdin, stdout=out, stderr=err, cwd=cwd or self.folder,
                              env={**self.environment(env), **self.more}, start_new_session=True, **self.user)
        process.prefix, process.name = prefix, os.path.basename(command[0])
        self.processes.append(process)
        return process

    def figures(self):
        usages = [process.usage for process in self.processes]
        return {"time": self.seconds, "processor": sum(usage.ru_utime + usage.ru_stime for usage in usages),
                "memory": max(usage.ru_maxrss for usage in usages) / 1024}


class Field:
    """A temporary folder with the library and a program's input."""

    def __init__(self, program, build, folder):
        self.program, self.folder, self.runs = program, folder, 0
        os.chmod(folder, 0o755)
        # A copy that every user can read.
        self.library = os.path.join(folder, "libgordian.so")
        shutil.copyfile(os.path.join(build, "interpose/libgordian.so"), self.library)
        os.chmod(self.library, 0o755)
        place = harness.Place(program, os.path.join(folder, "shared"), time.monotonic() + program.limit_s)
        if program.prepare:
            program.prepare(place)
        self.shared = place.folder
        self.answer = None

    def run(self, tool):
        self.runs += 1
        run = Run(self.program, os.path.join(self.folder, f"run{self.runs}"), self.shared, self.library if tool.name == "gordian" else "")
        answer, _ = harness.drive(self.program, run, None)
        if run.wrong:
            raise BenchError(f"{tool.name}: {self.program.name}: {'; '.join(run.wrong)[:500]}")
        if tool.name == "gordian" and not os.listdir(run.path("recordings")):
            raise BenchError(f"gordian: {self.program.name} ran without the library")
        if self.answer is not None and answer != self.answer:
            raise BenchError(f"{tool.name}: {self.program.name} has done other work: {answer!r}, not {self.answer!r}"[:500])
        self.answer = answer
        shutil.rmtree(run.folder, ignore_errors=True)
        return run.figures()


def allowance(samples):
    """How much of what is allowed gordian's memory takes, on top of native's."""
    native, ours = (statistics.median(samples[name]["memory"]) for name in OURS)
    return (ours - native) / max(ALLOWED_PART * native, ALLOWED)


def measure_row(row, context):
    program = {**known_programs(), **STARTS}[row.name]
    harness.adopt_orphans()
    with contextlib.ExitStack() as stack:
        # Not below TMPDIR: programs that run as another user must be able to reach it.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gordian-bench-", dir="/tmp", ignore_cleanup_errors=True))
        stack.callback(harness.end_descendants)
        try:
            field = Field(program, context.build, folder)
        except harness.Failure as failure:
            raise BenchError(f"{row.name}: {failure}") from None
        samples, failures = interleave([context.tools[name] for name in OURS], context.repetitions, field.run)
    made = figures(samples, failures, {"time": "s", "processor": "s", "memory": "MB"})
    return made | figures({"gordian": {"memory_allowance": [allowance(samples)]}}, {}, {"memory_allowance": "x"})
