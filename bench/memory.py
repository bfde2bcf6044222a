"""What gordian takes for each lock, dependency and stack, at the start, and for what comes and goes in great numbers (bench/objects.c).

Bytes for each are the difference between a program with many of them and one with half as many, less the same difference of
the native program: what is there once does not count. Resident memory is all of it, pages of the recording included.
"""

import dataclasses
import os
import statistics
import subprocess
import tempfile
import time

from bench.graph import printed
from bench.measure import BenchError, figures, interleave

LIMIT_S = 1200
STARTS, QUICK_STARTS = 30, 3  # in one repetition
OURS = ("native", "gordian")
UNITS = {"bytes": "B", "anonymous": "B", "resident": "MB", "time": "ns", "stack": "B", "beyond_frames": "B"}


@dataclasses.dataclass(frozen=True)
class Objects:
    title: str
    kind: str
    size: int
    name: str = ""  # of the row, when it is not the kind

    @property
    def id(self):
        return f"memory/{self.name or self.kind}"

    @property
    def label(self):
        return f"{self.title}: {self.size:,}" if self.size else self.title

    @property
    def quick(self):
        return self.size <= 300_000


def rows():
    return [Objects("start of a program without threads", "start", 0),
            Objects("live locks", "locks", 200_000),
            Objects("dependencies", "dependencies", 200_000),
            Objects("distinct stacks", "stacks", 100_000),
            Objects("distinct stacks, nothing new", "walks", 100_000),
            Objects("short-lived locks", "short_alone", 10_000_000),
            Objects("short-lived locks under another", "short_lived", 1_000_000),
            Objects("threads created and joined", "threads", 10_000),
            Objects("locks in one component", "tangle", 10_000)]


def run_program(tool, build, *arguments):
    """Run bench/objects. Returns (what it printed, seconds)."""
    with tempfile.TemporaryDirectory() as folder:
        environment = tool.environment(folder)
        started = time.monotonic()
        done = subprocess.run([os.path.join(build, "bench/objects"), *arguments], env=environment, cwd=folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=LIMIT_S, check=False)
        elapsed = time.monotonic() - started
        if done.returncode != 0:
            raise BenchError(f"{tool.name}: objects {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        if tool.name == "gordian" and not os.listdir(folder):
            raise BenchError("gordian: the library was loaded but has written no recording")
        return printed(done.stdout), elapsed


def run_start(tool, context):
    seconds = [run_program(tool, context.build, "start")[1] for _ in range(QUICK_STARTS if context.quick else STARTS)]
    return {"time": 1000 * statistics.median(seconds)}


def run_objects(row, tool, context, kind=None):
    """The figures for each object."""
    kind = kind or row.kind
    whole, _ = run_program(tool, context.build, kind, str(row.size))
    half, _ = run_program(tool, context.build, kind, str(row.size // 2))
    more = whole["count"] - half["count"]
    made = {"bytes": (whole["resident"] - half["resident"]) / more, "anonymous": (whole["anonymous"] - half["anonymous"]) / more,
            "resident": whole["resident"] / 2 ** 20, "time": whole["time"]}
    if kind == "stacks":
        # The dependencies that the stacks belong to have a row of their own.
        bare = run_objects(row, tool, context, "dependencies")["bytes"]
        made["stack"] = made["bytes"] - bare
        made["beyond_frames"] = made["stack"] - 8 * whole["frames"]
    return made


def measure_row(row, context):
    tools = [context.tools[name] for name in OURS]
    if row.kind == "start":
        samples, failures = interleave(tools, context.repetitions, lambda tool: run_start(tool, context))
        return figures(samples, failures, {"time": "ms"})
    samples, failures = interleave(tools, min(3, context.repetitions), lambda tool: run_objects(row, tool, context))
    return figures(samples, failures, UNITS)
