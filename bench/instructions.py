"""How many instructions one pair of calls takes, counted by callgrind: the same on a slow machine, on a busy one and in CI.

The measured program runs twice, with few turns and with many; the difference of the two counts, over the difference of the turns, is
what one takes, without the start and the warm-up. instructions.json has what gordian may take; tests/bench/instructions_test.py
holds the build to it. `bench/run --renew-instructions` writes that file anew.
"""

import dataclasses
import json
import os
import re
import shutil
import subprocess
import tempfile

from bench.measure import BenchError, cell

FEW, MANY = 4_000, 24_000
BOUNDS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "instructions.json")
ROOM = 1.03  # over the bound: other compilers and libraries
LIMIT_S = 300

PAIRS = {"two": 2, "four": 4, "eight": 8, "forty": 40, "recursive_twice": 2}  # per turn, where it is not one


@dataclasses.dataclass(frozen=True)
class Count:
    title: str
    shape: str
    depth: int = 8
    threads: int = 1
    program: str = "pairs"
    size: None = None

    @property
    def id(self):
        return f"instructions/{self.shape}/threads={self.threads}/depth={self.depth}"

    @property
    def label(self):
        return f"{self.title}, {'alone, ' if not self.threads else ''}depth {self.depth}"


def rows():
    made = [Count("mutex", "mutex", depth) for depth in (0, 8, 20, 40)]
    made += [Count("mutex", "mutex", 8, 0)]
    made += [Count(title, shape) for title, shape in (
        ("two nested", "two"), ("eight nested", "eight"), ("forty nested", "forty"), ("recursive mutex", "recursive"),
        ("recursive mutex, twice", "recursive_twice"), ("robust mutex", "robust"), ("mutex, tried", "trylock"), ("read lock", "read"),
        ("write lock", "write"), ("spinlock", "spin"), ("semaphore", "semaphore"), ("C11 mutex", "c11"), ("pthread_once, done", "once"))]
    return made


def count(tool, row, build, turns):
    """Instructions of one run of the measured program."""
    valgrind = shutil.which("valgrind")
    if not valgrind:
        raise BenchError("valgrind is not installed")
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "callgrind.out")
        argv = [valgrind, "--tool=callgrind", f"--callgrind-out-file={out}",
                *tool.command([os.path.join(build, "bench/pairs", row.program), row.shape, str(row.depth), str(row.threads), "1",
                               "--turns", str(turns)])]
        done = subprocess.run(argv, env=tool.environment(folder), cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=LIMIT_S, check=False)
        words = done.stdout.split()
        if done.returncode != 0 or len(words) != 2:
            raise BenchError(f"{tool.name}: under callgrind the measured program ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        if os.path.basename(words[1]) != tool.provider(argv[3:]):
            raise BenchError(f"{tool.name}: pthread_mutex_lock came from {words[1]}")
        with open(out, encoding="utf-8") as file:
            found = re.search(r"^(?:summary|totals): (\d+)", file.read(), re.MULTILINE)
        if not found:
            raise BenchError(f"{tool.name}: callgrind has counted nothing")
        return int(found[1])


def per_pair(tool, row, build):
    turns = MANY - FEW
    return (count(tool, row, build, MANY) - count(tool, row, build, FEW)) / (turns * PAIRS.get(row.shape, 1))


def measure_row(row, context):
    """Counted once: a count has no spread."""
    values = {tool.name: [per_pair(tool, row, context.build)] for tool in context.tools.values() if tool.name in ("native", "gordian")}
    return {"instructions": {"unit": "", "tools": {name: cell(value, values["native"]) for name, value in values.items()}}}


def bounds():
    """Row id -> instructions that gordian may take for a pair."""
    with open(BOUNDS, encoding="utf-8") as file:
        return json.load(file)


def renew(found):
    """Write the counts (row id -> instructions) as bounds; rows that were not counted keep theirs."""
    known = bounds() if os.path.exists(BOUNDS) else {}
    known.update({identity: round(value, 1) for identity, value in found.items()})
    ordered = {row.id: known[row.id] for row in rows() if row.id in known}
    with open(BOUNDS, "w", encoding="utf-8") as file:
        json.dump(ordered, file, indent=2)
        file.write("\n")
