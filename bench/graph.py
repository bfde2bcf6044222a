"""The lock-order graph by itself (bench/graph.c, without any program around it), and recordings of many dependencies.

The figures are those of the detector alone: there is no native to compare with. Processor time, so that a busy machine counts less.
"""

import dataclasses
import json
import os
import subprocess
import tempfile
import time

from bench.measure import BenchError, figures

LIMIT_S = 1200
REPETITIONS = 3  # at most: one takes a million steps already
QUICK_SIZE = 20_000
UNITS = {"dependency": "ns", "next": "ns", "slowest": "ns", "bytes": "B", "cycles": "", "unreported": "", "cut": ""}
RECORDING_UNITS = {"recorded": "B", "report": "ms"}


@dataclasses.dataclass(frozen=True)
class Graph:
    order: str
    locks: int
    size: int  # dependencies
    by_locks: bool = False  # the id tells the locks, too

    @property
    def id(self):
        return f"graph/{self.order}" + f"/locks={self.locks}" * self.by_locks + f"/dependencies={self.size}"

    @property
    def label(self):
        return f"{self.order}: {self.locks:,} locks, {self.size:,} dependencies"

    @property
    def quick(self):
        return self.size <= QUICK_SIZE


@dataclasses.dataclass(frozen=True)
class Recording:
    size: int

    @property
    def id(self):
        return f"graph/recording/dependencies={self.size}"

    @property
    def label(self):
        return f"recording of {self.size:,} dependencies"

    @property
    def quick(self):
        return self.size <= QUICK_SIZE


def rows():
    # What is adversarial takes two locks for two dependencies, some more for those that come on top.
    made = [Graph(order, size + size // 20 if order == "adversarial" else size // 10, size) for order, sizes in (
        ("ordered", (10_000, 100_000, 1_000_000, 10_000_000)), ("random", (10_000, 100_000, 1_000_000, 10_000_000)),
        ("adversarial", (10_000, 100_000)), ("unordered", (10_000, 100_000, 1_000_000))) for size in sizes]
    made += [Graph("ring", 10_000, 10_000), Graph("component", 10_000, 20_000, True), Graph("component", 10_000, 200_000, True)]
    return made + [Recording(size) for size in (10_000, 100_000, 1_000_000)]


def printed(text):
    """Lines "NAME VALUE" as a dictionary."""
    return {name: float(value) for name, value in (line.split() for line in text.splitlines())}


def run_graph(row, build):
    done = subprocess.run([os.path.join(build, "bench/graph"), row.order, str(row.locks), str(row.size)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if done.returncode != 0:
        raise BenchError(f"graph: ended with {done.returncode}: {done.stderr.strip()}")
    return {name: value for name, value in printed(done.stdout).items() if name in UNITS}


def run_recording(row, context):
    """Record so many dependencies, and report from the recording."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([os.path.join(context.build, "bench/objects"), "dependencies", str(row.size)],
                              env=context.tools["gordian"].environment(folder), cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=LIMIT_S, check=False)
        recordings = [os.path.join(folder, name) for name in os.listdir(folder)]
        if done.returncode != 0 or len(recordings) != 1:
            raise BenchError(f"recording: the program ended with {done.returncode} and {len(recordings)} recordings: {done.stderr.strip()}")
        # The file is sparse: what it takes on the disk counts.
        taken = os.stat(recordings[0]).st_blocks * 512
        out = os.path.join(folder, "report.json")
        started = time.monotonic()
        told = subprocess.run([os.path.join(context.build, "cli/gordian"), "report", "--json", out, recordings[0]],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        elapsed = time.monotonic() - started
        if told.returncode != 0:
            raise BenchError(f"recording: gordian report ended with {told.returncode}: {told.stderr.strip()[-500:]}")
        with open(out, encoding="utf-8") as file:
            if json.load(file)["coverage"]["events"]["mutex"] < row.size:
                raise BenchError("recording: events are missing from the report")
        return {"recorded": taken / row.size, "report": 1000 * elapsed}


def measure_row(row, context):
    recording = isinstance(row, Recording)
    samples = {}
    for repetition in range(min(REPETITIONS, context.repetitions)):
        for name, value in (run_recording(row, context) if recording else run_graph(row, context.build)).items():
            samples.setdefault(name, []).append(value)
    return figures({"gordian" if recording else "detector": samples}, {}, RECORDING_UNITS if recording else UNITS)
