#!/usr/bin/env python3
"""Runs heavy programs by themselves and under `gordian run`, and compares. README.md tells what is compared.

Prints a line for each program, then the table, then "N passed, N failed" over the programs. The table, the figures as JSON and
each program's reports and output are kept in the folder of the results. The status is 0 when all passed.
"""

import argparse
import dataclasses
import importlib
import json
import os
import pkgutil
import shutil
import signal
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, ROOT)
from tests.heavy import harness, programs  # noqa: E402

COLUMNS = ("program", "version", "lock events seen", "findings", "time native", "time watched", "ratio", "CPU ratio", "result")


def known_programs():
    """All programs of programs/, by name, in alphabetical order."""
    found = {}
    for module in pkgutil.iter_modules(programs.__path__):
        for program in importlib.import_module(f"tests.heavy.programs.{module.name}").PROGRAMS:
            if program.name in found:
                raise ValueError(f"two programs are called {program.name}")
            found[program.name] = program
    return dict(sorted(found.items()))


def copy_tool(gordian, folder):
    """Copy the command and the library, so that every user can read them and a build does not change them. Returns the copy."""
    copy = os.path.join(folder, "cli", "gordian")
    os.makedirs(os.path.dirname(copy))
    os.makedirs(os.path.join(folder, "interpose"))
    shutil.copyfile(gordian, copy)
    os.chmod(copy, 0o755)
    library = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(gordian))), "interpose", "libgordian.so")
    shutil.copyfile(library, os.path.join(folder, "interpose", "libgordian.so"))
    return copy


def row(outcome):
    """The cells of one line of the table."""
    events = ", ".join(f"{family} {count:,}" for family, count in outcome.events.items() if count)
    found = [f"{len([f for f in outcome.findings if f['severity'] == severity])} {severity}"
             for severity in ("error", "warning", "note") if any(f["severity"] == severity for f in outcome.findings)]
    if outcome.triaged:
        found.append(f"({len(outcome.triaged)} triaged)")
    times = [f"{seconds:.2f} s" if seconds is not None else "-" for seconds in (outcome.native_s, outcome.watched_s)]
    ratios = [f"{watched / native:.2f}" if native and watched else "-" for native, watched in
              ((outcome.native_s, outcome.watched_s), (outcome.native_cpu_s, outcome.watched_cpu_s))]
    return (outcome.name, outcome.version, events or "-", ", ".join(found) or "0", *times, *ratios,
            "FAILED" if outcome.wrong else "ok")


def table(outcomes):
    """The outcomes as a table in Markdown."""
    rows = [COLUMNS, *map(row, outcomes)]
    widths = [max(len(line[i]) for line in rows) for i in range(len(COLUMNS))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |\n" for line in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|\n")
    return "".join(lines)


def save(folder, outcomes):
    with open(os.path.join(folder, "table.md"), "w", encoding="utf-8") as file:
        file.write(table(outcomes))
    with open(os.path.join(folder, "results.json"), "w", encoding="utf-8") as file:
        json.dump([{**dataclasses.asdict(outcome), "findings": [finding["id"] for finding in outcome.findings]}
                   for outcome in outcomes], file, indent=1)
        file.write("\n")


def parse(arguments, known):
    parser = argparse.ArgumentParser(prog="tests/heavy/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", metavar="NAME", nargs="*", help="these programs only; --list names them all")
    parser.add_argument("--list", action="store_true", help="name the programs")
    parser.add_argument("--gordian", metavar="FILE", default=os.path.join(ROOT, "bazel-bin/cli/gordian"),
                        help="the command, beside ../interpose/libgordian.so (default: the build's)")
    parser.add_argument("--results", metavar="DIR", default=os.path.join(HERE, "results"), help="default: %(default)s")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"no such program: {' '.join(unknown)}; there are {' '.join(known)}")
    return options


def main(arguments):
    known = known_programs()
    options = parse(arguments, known)
    if options.list:
        print("\n".join(known))
        return 0
    os.makedirs(options.results, exist_ok=True)
    harness.adopt_orphans()
    # So that what was started is ended, and the folder removed.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    outcomes = []
    # Not below TMPDIR: programs that run as another user must be able to reach it.
    with tempfile.TemporaryDirectory(prefix="gordian-heavy-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        gordian = copy_tool(options.gordian, folder)
        for name in options.names or known:
            outcome = harness.try_program(known[name], folder, gordian, options.results)
            outcomes.append(outcome)
            for line in outcome.wrong:
                print(line)
            cells = row(outcome)
            print(f"{cells[-1]} {name} {cells[1]}: {cells[4]}, watched {cells[5]} ({cells[6]} x, CPU {cells[7]} x); {cells[2]}; findings: {cells[3]}",
                  flush=True)
            save(options.results, outcomes)
    failed = sum(bool(outcome.wrong) for outcome in outcomes)
    print(f"\n{table(outcomes)}\nreports and output: {options.results}\n{len(outcomes) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
