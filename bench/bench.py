#!/usr/bin/env python3
"""What a pair of calls (lock+unlock, wait+post) costs: native, under a preload that only forwards, under gordian, and under ThreadSanitizer.

Every run of the measured program is a process of its own. A repetition runs each tool once, one right after the other, so
that a slow moment of the machine meets all of them. The table gives the median of the repetitions in ns per pair, the
ratio to native, and the spread: the middle half of the repetitions, in percent of the median.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile

TOOLS = ("native", "forwarding", "gordian", "tsan")
SHAPES = {
    "one": "one lock",
    "two": "two nested",
    "four": "four nested of 1,000",
    "contended": "one lock, contended",
    "recursive": "one lock, twice",
    "read": "read lock",
    "write": "write lock",
    "spin": "spinlock",
    "semaphore": "semaphore",
}
ROWS = [(shape, threads, depth) for shape in ("one", "two", "four") for threads in (1, 2) for depth in (0, 8, 20)]
ROWS += [("contended", 2, depth) for depth in (0, 8, 20)]
ROWS += [(shape, threads, depth) for shape in ("recursive", "read", "write", "spin", "semaphore") for threads in (1, 2)
         for depth in (0, 8)]


class BenchError(Exception):
    """A run that measured nothing, or not what it should."""


def prepare(tool, files, folder):
    """The program, the environment and the file that must provide pthread_mutex_lock, for one tool."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LD_", "GORDIAN_", "TSAN_"))}
    if tool == "native":
        return files.pairs, environment, "libc.so.6"
    if tool == "tsan":
        return files.tsan, environment, os.path.basename(files.tsan)
    library = files.forward if tool == "forwarding" else files.gordian
    environment["LD_PRELOAD"] = library
    if tool == "gordian":
        environment["GORDIAN_OPTIONS"] = f"dir={folder}:quiet=1"
    return files.pairs, environment, os.path.basename(library)


def measure(tool, files, row, milliseconds):
    """Run the measured program once. Returns ns per pair."""
    shape, threads, depth = row
    with tempfile.TemporaryDirectory() as folder:
        program, environment, provider = prepare(tool, files, folder)
        done = subprocess.run([program, shape, str(depth), str(threads), str(milliseconds)], env=environment, cwd=folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        words = done.stdout.split()
        if done.returncode != 0 or len(words) != 2:
            raise BenchError(f"{tool}: the measured program ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        if os.path.basename(words[1]) != provider:
            raise BenchError(f"{tool}: pthread_mutex_lock came from {words[1]}, not from {provider}")
        if tool == "gordian" and not os.listdir(folder):
            raise BenchError("gordian: the library was loaded but has written no recording")
        return float(words[0])


def summarize(samples):
    """Median and spread (interquartile range, in percent of the median)."""
    median = statistics.median(samples)
    if len(samples) < 4:
        return median, 100 * (max(samples) - min(samples)) / median
    low, _, high = statistics.quantiles(samples, n=4)
    return median, 100 * (high - low) / median


def measure_row(files, row, repetitions, milliseconds):
    """Every tool on one row. Returns tool -> {"ns", "ratio", "spread_percent"}."""
    samples = {tool: [] for tool in TOOLS}
    for _ in range(repetitions):
        for tool in TOOLS:
            samples[tool].append(measure(tool, files, row, milliseconds))
    native = statistics.median(samples["native"])
    cells = {}
    for tool in TOOLS:
        median, spread = summarize(samples[tool])
        cells[tool] = {"ns": round(median, 2), "ratio": round(median / native, 3), "spread_percent": round(spread, 1)}
    return cells


def cpu_name():
    """The processor's name, as the kernel gives it."""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        names = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    return names[0] if names else platform.machine()


def header():
    tools = "".join(f"{tool:>23}" for tool in TOOLS)
    units = "".join(f"{'ns':>9}{'ratio':>8}{'±%':>6}" for _ in TOOLS)
    return f"{'':36}{tools}\n{'locks':<22}{'threads':>7}{'depth':>7}{units}"


def line(row, cells):
    shape, threads, depth = row
    figures = "".join(f"{c['ns']:>9.1f}{c['ratio']:>8.2f}{c['spread_percent']:>6.0f}" for c in map(cells.get, TOOLS))
    return f"{SHAPES[shape]:<22}{threads:>7}{depth:>7}{figures}"


def parse(arguments):
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two short repetitions: shows that it works, not what it costs")
    parser.add_argument("--repetitions", type=int, default=7, metavar="N", help="runs of each tool per row (%(default)s)")
    parser.add_argument("--milliseconds", type=float, default=50, metavar="N", help="measured time of a run (%(default)s)")
    parser.add_argument("--shape", choices=SHAPES, action="append", help="only these rows; may be given several times")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    for name in ("pairs", "forward", "gordian", "tsan"):
        parser.add_argument(f"--{name}-file", dest=name, required=True, type=os.path.abspath, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.quick:
        options.repetitions, options.milliseconds = 2, 2
    if options.repetitions < 1 or options.milliseconds <= 0:
        parser.error("--repetitions and --milliseconds must be positive")
    # Under `bazel run` the working directory is Bazel's, not the user's.
    if options.json:
        options.json = os.path.join(os.environ.get("BUILD_WORKING_DIRECTORY", ""), options.json)
    return options


def main(arguments):
    options = parse(arguments)
    print(f"ns per lock+unlock pair; {options.repetitions} repetitions of {options.milliseconds:g} ms; {os.cpu_count()} "
          f"processors, {cpu_name()}, Linux {platform.release()}\n\n{header()}", flush=True)
    rows = []
    try:
        for row in ROWS:
            if options.shape and row[0] not in options.shape:
                continue
            cells = measure_row(options, row, options.repetitions, options.milliseconds)
            print(line(row, cells), flush=True)
            rows.append({"shape": row[0], "threads": row[1], "depth": row[2], "tools": cells})
        if options.json:
            document = {"schema": "gordian-bench/1", "repetitions": options.repetitions,
                        "milliseconds": options.milliseconds, "processors": os.cpu_count(), "cpu": cpu_name(),
                        "kernel": platform.release(), "rows": rows}
            with open(options.json, "w", encoding="utf-8") as file:
                json.dump(document, file, indent=2)
                file.write("\n")
    except (BenchError, OSError, subprocess.TimeoutExpired) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
