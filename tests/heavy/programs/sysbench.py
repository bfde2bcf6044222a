"""sysbench's own tests of mutexes, threads and memory: the most lock operations for the least work in between."""

import re

from tests.heavy.harness import Program

TESTS = {
    "mutex": ["--mutex-num=16", "--mutex-locks=60000", "--mutex-loops=100", "--threads=4", "mutex", "run"],
    "threads": ["--thread-yields=100", "--thread-locks=4", "--threads=8", "--time=0", "--events=10000", "threads", "run"],
    "memory": ["--threads=4", "--time=0", "--memory-total-size=200M", "--memory-block-size=1K", "memory", "run"],
}


def drive(run):
    return {name: re.findall(r"(?:Number of threads|total number of events): +\d+",
                             run.execute(["sysbench", *test]).decode()) for name, test in TESTS.items()}


PROGRAMS = [Program("sysbench", drive, ["sysbench", "--version"])]
