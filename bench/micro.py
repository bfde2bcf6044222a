"""What one pair of calls costs (lock and unlock, wait and post), for each primitive and in all kinds of surroundings.

Each run of the measured program (bench/pairs) is a process of its own, and says which library pthread_mutex_lock came from: what
was not measured is no figure.
"""

import dataclasses
import os
import subprocess
import tempfile

from bench.measure import BenchError, measure

MILLISECONDS = 60
QUICK_MILLISECONDS = 2
LIMIT_S = 120
OURS = ("native", "forwarding", "gordian")
QUICK_PEERS = ("tsan", "dyndd")
ALL_PEERS = ("tsan", "helgrind", "drd", "dyndd")


@dataclasses.dataclass(frozen=True)
class Shape:
    title: str
    shape: str
    threads: int = 1
    depth: int = 8
    locks: int = 0  # 0: as many as the shape needs
    variety: int = 0
    program: str = "pairs"
    peers: tuple = ("tsan",)

    @property
    def id(self):
        parts = [f"micro/{self.shape}", f"threads={self.threads}", f"depth={self.depth}"]
        parts += [f"locks={self.locks}"] * bool(self.locks) + [f"variety={self.variety}"] * bool(self.variety)
        return "/".join(parts + [self.program.removeprefix("pairs_")] * (self.program != "pairs"))

    @property
    def label(self):
        return f"{self.title}, {'alone' if not self.threads else f'{self.threads} thread' + 's' * (self.threads > 1)}, depth {self.depth}"

    @property
    def size(self):
        """What cost may grow with."""
        return self.locks or self.variety or self.threads

    @property
    def quick(self):
        return self.locks < 1_000_000

    def arguments(self, milliseconds):
        more = ["--locks", str(self.locks)] if self.locks else []
        more += ["--variety", str(self.variety)] if self.variety else []
        return [self.shape, str(self.depth), str(self.threads), str(milliseconds), *more]


PRIMITIVES = {
    "recursive": "recursive mutex", "recursive_twice": "recursive mutex, twice", "errorcheck": "error-checking mutex",
    "adaptive": "adaptive mutex", "robust": "robust mutex", "inherit": "priority-inheriting mutex", "process_shared": "process-shared mutex",
    "trylock": "mutex, tried", "timedlock": "mutex, with a time limit", "read": "read lock", "write": "write lock",
    "read_writers_first": "read lock, writers first", "spin": "spinlock", "semaphore": "semaphore", "c11": "C11 mutex",
    "once": "pthread_once, done", "stream": "flockfile", "signal": "mutex with a signal inside",
}


def rows():
    """All rows, in the order of the table."""
    made = [Shape("mutex", "mutex", 1, depth, peers=ALL_PEERS if depth in (8, 20) else ("tsan",)) for depth in (0, 2, 4, 8, 12, 16, 20, 30, 40)]
    made += [Shape("mutex", "mutex", threads, 8, peers=QUICK_PEERS) for threads in (2, 4, 8, 16, 32, 64)]
    made += [Shape("mutex, frame pointers", "mutex", 1, depth, program="pairs_frame_pointers", peers=()) for depth in (8, 20)]
    # A process with one thread: nothing before the first pthread_create can be in a cycle.
    made += [Shape(title, shape, 0, depth) for title, shape in (("mutex", "mutex"), ("two nested", "two"), ("read lock", "read"),
                                                              ("semaphore", "semaphore")) for depth in (0, 8)]
    made += [Shape(title, shape, 1, depth, peers=ALL_PEERS if shape in ("two", "eight") and depth == 8 else ("tsan",))
             for title, shape in (("two nested", "two"), ("four nested", "four"), ("eight nested", "eight"), ("forty nested", "forty"))
             for depth in (0, 8)]
    made += [Shape("two nested", "two", 2, 8), Shape("four nested of 1,000", "moving_four", 1, 8, 1000), Shape("four nested of 1,000", "moving_four", 2, 8, 1000)]
    made += [Shape(f"random of {locks:,}", "random", 1, 8, locks, peers=QUICK_PEERS) for locks in (1, 1000, 1_000_000)]
    made += [Shape("contended mutex", "contended", threads, 8, peers=QUICK_PEERS) for threads in (2, 4, 16)]
    made += [Shape("contended mutex", "contended", 2, 0), Shape("readers of one lock", "contended_read", 2, 8)]
    made += [Shape(title, shape, 1, 8, peers=ALL_PEERS if shape in ("read", "semaphore") else ("tsan",)) for shape, title in PRIMITIVES.items()]
    made += [Shape(title, shape, threads, 0) for title, shape, threads in (
        ("condition, there and back", "condition_ping_pong", 2), ("semaphores, there and back", "semaphore_ping_pong", 2),
        ("barrier", "barrier", 2), ("barrier", "barrier", 8), ("thread created and joined", "create_join", 1),
        ("mutex made and destroyed", "make", 1), ("mutex made, used and destroyed", "make_and_use", 1))]
    made += [Shape(f"{title}, {variety:,} stacks", shape, 1, 0, variety=variety) for title, shape, varieties in (
        ("recursion", "recursion", (64, 1024)), ("alloca", "alloca", (64, 1024)), ("wrappers", "wrappers", (64, 1024, 65536)))
             for variety in varieties]
    made += [Shape(title, shape, 1, 8, program="pairs_cxx", peers=()) for title, shape in (
        ("std::lock_guard", "lock_guard"), ("std::scoped_lock of two", "scoped_lock"), ("std::shared_lock", "shared_lock"),
        ("virtual calls", "virtual"))]
    return made


def run_once(row, tool, build, milliseconds):
    """Run the measured program once. Returns its figures."""
    program = os.path.join(build, "bench/pairs", row.program)
    with tempfile.TemporaryDirectory() as folder:
        argv = tool.command([program, *row.arguments(milliseconds)])
        try:
            done = subprocess.run(argv, env=tool.environment(folder), cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=LIMIT_S, check=False)
        except subprocess.TimeoutExpired:
            raise BenchError(f"{tool.name}: not done after {LIMIT_S} s") from None
        words = done.stdout.split()
        if done.returncode != 0 or len(words) != 2:
            raise BenchError(f"{tool.name}: the measured program ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        provider = tool.provider([program])
        if os.path.basename(words[1]) != provider:
            raise BenchError(f"{tool.name}: pthread_mutex_lock came from {words[1]}, not from {provider}")
        if tool.name == "gordian" and not os.listdir(folder):
            raise BenchError("gordian: the library was loaded but has written no recording")
        return {"pair": float(words[0])}


def measure_row(row, context):
    """Every tool on one row. Returns the row's figures."""
    tools = [tool for tool in context.tools.values() if tool.name in (*OURS, *row.peers)]
    milliseconds = QUICK_MILLISECONDS if context.quick else MILLISECONDS
    return measure(tools, context.repetitions, lambda tool: run_once(row, tool, context.build, milliseconds), {"pair": "ns"})
