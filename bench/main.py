#!/usr/bin/env python3
"""Every figure of speed, memory and scale that README.md quotes: measured, judged and drawn. bench/README.md explains the rows.

Prints a line for each figure as it is measured, then the bars. Keeps everything in the folder of the results: results.json,
table.txt and the plots. The status is 0 when all was measured, whatever the figures are; 1 when something could not be.
"""

import argparse
import dataclasses
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, ROOT)
from bench import applications, bars, graph, instructions, memory, micro, plot, readme, table, tools  # noqa: E402
from bench.measure import BenchError  # noqa: E402
from bench.results import Results, digest  # noqa: E402

# Each has rows() and measure_row(row, context); a row has an id, a label, a size, and may not be for --quick (quick = False).
GROUPS = {"micro": micro, "applications": applications, "memory": memory, "graph": graph, "instructions": instructions}
REPETITIONS, QUICK_REPETITIONS = 7, 2
BUILT = ("interpose/libgordian.so", "cli/gordian", "bench/libforward.so", "bench/pairs/pairs", "bench/graph", "bench/objects")  # what the figures are about


@dataclasses.dataclass(frozen=True)
class Context:
    """What a group needs to know."""

    build: str
    tools: dict
    repetitions: int
    quick: bool


def parse(arguments):
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--group", choices=GROUPS, action="append", help="only these rows; may be given several times")
    parser.add_argument("--row", metavar="REGEX", default="", help="only rows whose id matches it; --list shows the ids")
    parser.add_argument("--list", action="store_true", help="name the rows, measure nothing")
    parser.add_argument("--repetitions", type=int, metavar="N", help=f"runs of each tool for a row (default: {REPETITIONS})")
    parser.add_argument("--quick", action="store_true", help="short repetitions, and no rows that take minutes: shows that it works, not what it costs")
    parser.add_argument("--resume", action="store_true", help="leave out rows that the results of this build have already")
    parser.add_argument("--no-peers", action="store_true", help="native, forwarding and gordian alone")
    parser.add_argument("--results", metavar="DIR", help="default: bench/results, with --quick bench/results/quick")
    parser.add_argument("--build", metavar="DIR", default=os.path.join(ROOT, "bazel-bin"), help="what is measured (default: bazel-bin)")
    parser.add_argument("--report", action="store_true", help="measure nothing: print the table and the bars of the results, draw the plots")
    parser.add_argument("--readme", metavar="FILE", nargs="?", const=os.path.join(ROOT, "README.md"),
                        help="measure nothing: write the results into README.md, or FILE, between its marks")
    parser.add_argument("--renew-instructions", action="store_true", help="count, and write bench/instructions.json anew")
    options = parser.parse_args(arguments)
    options.repetitions = options.repetitions or (QUICK_REPETITIONS if options.quick else REPETITIONS)
    if options.repetitions < 1:
        parser.error("--repetitions must be positive")
    try:
        options.row = re.compile(options.row)
    except re.error as error:
        parser.error(f"--row: {error}")
    # Under `bazel run` the working directory is Bazel's, not the user's.
    if options.results:
        options.results = os.path.join(os.environ.get("BUILD_WORKING_DIRECTORY", ""), options.results)
    else:
        options.results = os.path.join(HERE, "results", *["quick"] * options.quick)
    options.build = os.path.abspath(options.build)
    options.report = options.report or bool(options.readme)
    if options.renew_instructions:
        options.group = ["instructions"]
    return options


def conclude(options, results):
    """Write the table with the bars, and draw the plots."""
    verdicts = bars.judge_all(results.rows)
    text = table.bars(verdicts)
    with open(os.path.join(options.results, "table.txt"), "w", encoding="utf-8") as file:
        file.write("".join(line + "\n" for row in results.rows for line in table.lines(row)) + "\n" + text + "\n")
    print("\n" + text)
    for path in plot.draw(results.rows, options.results):
        print(f"plot: {path}")
    if options.readme:
        readme.write(options.readme, results.document)
    print(f"results: {options.results}")


def measure(options, results, chosen, context, order):
    for group, row in chosen:
        if options.resume and results.has(row.id, options.repetitions):
            continue
        figures = GROUPS[group].measure_row(row, context)
        done = {"id": row.id, "title": row.label, "group": group, "size": row.size, "repetitions": options.repetitions, "figures": figures}
        results.put(done, order)
        print("\n".join(table.lines(done)), flush=True)


def main(arguments):
    options = parse(arguments)
    every = [(group, row) for group, module in GROUPS.items() for row in module.rows()]
    order = [row.id for _, row in every]
    chosen = [(group, row) for group, row in every if (not options.group or group in options.group) and options.row.search(row.id)
              and (not options.quick or getattr(row, "quick", True))]
    if options.list:
        print("\n".join(f"{row.id:<60} {row.label}" for _, row in chosen))
        return 0
    try:
        known = tools.known(options.build)
        if options.no_peers:
            known = {name: tool for name, tool in known.items() if not tool.peer}
        results = Results(options.results, digest(os.path.join(options.build, path) for path in BUILT))
        if not options.report:
            print(f"{options.repetitions} repetitions; {', '.join(str(value) for value in results.document['machine'].values())}; "
                  f"load {os.getloadavg()[0]:.1f}; build {results.document['build']}", flush=True)
            context = Context(options.build, known, options.repetitions, options.quick)
            measure(options, results, chosen, context, order)
        if options.renew_instructions:
            instructions.renew({row["id"]: row["figures"]["instructions"]["tools"]["gordian"]["value"] for row in results.rows
                                if row["group"] == "instructions" and options.row.search(row["id"])})
        conclude(options, results)
    except (BenchError, OSError, subprocess.SubprocessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
