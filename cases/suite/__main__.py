#!/usr/bin/env python3
"""gordian suite [OPTION...] [CASE...]: builds the cases, runs each twin under each tool, and compares.

    --cases DIR       take the cases from there (default: those that come with gordian)
    --tools NAME,...  of native, gordian, tsan, helgrind, drd (default: all that are installed)
    --json FILE       write the results as JSON, too; - is standard output
    --html FILE       write the results as a page, too
    --limit N         seconds that a program may run (default: 60)
    --jobs N          cases at a time (default: two for each processor)
    --quiet           no progress

CASE is a name, a topic or TOPIC/NAME; none: all. The status is 0 when all is as expected, 1 when not, 125 when the suite cannot run.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, HERE)
from suite import tools as suite_tools  # noqa: E402
from suite.build import DoesNotBuild, build, compiler  # noqa: E402
from suite.case import CaseError  # noqa: E402
from suite.collection import collect  # noqa: E402
from suite.new_case import new_case  # noqa: E402
from suite.process import LIMIT_S  # noqa: E402
from suite.results import Results, as_json, as_page, as_table  # noqa: E402

FAILED = 125


def fail(what, why, advice=None):
    print(f"gordian: {what}: {why}", file=sys.stderr)
    if advice:
        print(f"gordian: {advice}", file=sys.stderr)
    return FAILED


class Arguments(argparse.ArgumentParser):
    def error(self, message):
        self.exit(fail("suite", message, "gordian help suite shows the options"))


class Progress:
    """On a terminal one line that changes, elsewhere one line for each case."""

    def __init__(self, total, quiet):
        self.total, self.done = total, 0
        self.quiet = quiet
        self.terminal = sys.stderr.isatty()
        self.lock = threading.Lock()

    def finished(self, case, wrong):
        with self.lock:
            self.done += 1
            if self.quiet:
                return
            text = f"[{self.done}/{self.total}] {case.topic}/{case.name}{': not as expected' if wrong else ''}"
            if self.terminal:
                end = "\r\033[K" if self.done == self.total else ""
                print(f"\r\033[K{text[:100]}{end}", end="", file=sys.stderr, flush=True)
            else:
                print(text, file=sys.stderr, flush=True)


def judge(case, tools, include):
    """Build the twin and run it under each tool. Yields (tool's name, judgement)."""
    with tempfile.TemporaryDirectory() as folder:
        built = {}
        for tool in tools:
            program = os.path.join(folder, f"{case.pair}_{case.twin}{'_tsan' if tool.tsan else ''}")
            if tool.tsan not in built:
                try:
                    build(case, include, program, tool.tsan)
                    built[tool.tsan] = None
                except DoesNotBuild as error:
                    built[tool.tsan] = str(error)
                    yield tool.name, suite_tools.Judgement(suite_tools.WRONG, [str(error)])
                    continue
            if built[tool.tsan] is None:
                yield tool.name, tool.judge(case, program)


def installed(names, options):
    """The tools of these names that are there, with their versions."""
    tools = []
    for name in names:
        if name == "tsan" and not compiler(".c", True):
            tool, version = None, None
        else:
            tool = suite_tools.make(name, options.gordian, options.limit)
            version = tool.version()
        if version:
            tools.append((tool, version))
        elif options.tools:
            raise CaseError(f"{name}: not installed")
    return tools


def write(path, text):
    if path == "-":
        sys.stdout.write(text)
        return
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)


def parse(arguments):
    parser = Arguments(prog="gordian suite", add_help=False, allow_abbrev=False)
    parser.add_argument("--gordian", required=True)  # by the command itself
    parser.add_argument("--cases", default=HERE)
    parser.add_argument("--tools")
    parser.add_argument("--json")
    parser.add_argument("--html")
    parser.add_argument("--jobs", type=int, default=2 * len(os.sched_getaffinity(0)))
    parser.add_argument("--limit", type=int, default=LIMIT_S)
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("case", nargs="*")
    options = parser.parse_args(arguments)
    for name in ("jobs", "limit"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} wants 1 or more, not {getattr(options, name)}")
    for name in (options.tools or "").split(",") if options.tools is not None else ():
        if name not in suite_tools.NAMES:
            parser.error(f"--tools: there is no '{name}', only {', '.join(suite_tools.NAMES)}")
    if not os.path.isdir(options.cases):
        parser.error(f"--cases: {options.cases} is no folder")
    return options


def run(options):
    pairs = collect(options.cases, options.case, "cases" if options.cases == HERE else options.cases)
    if not pairs:
        raise CaseError(f"{options.cases}: has no cases, which are files NAME_buggy.c and NAME_fixed.c")
    tools = installed(options.tools.split(",") if options.tools else suite_tools.NAMES, options)
    results = Results(pairs, [(tool.name, version) for tool, version in tools])
    twins = list(results.twins())
    progress = Progress(len(twins), options.quiet)

    def work(twin):
        _, case = twin
        judgements = list(judge(case, [tool for tool, _ in tools], os.path.dirname(HERE)))
        for name, judgement in judgements:
            results.judgements[case.path, name] = judgement
        progress.finished(case, any(judgement.wrong for _, judgement in judgements))

    began = time.monotonic()
    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(work, twins))
    results.seconds = time.monotonic() - began
    return results


def main(arguments):
    if arguments[:1] == ["new-case"]:
        return new_case(arguments[1:], fail)
    options = parse(arguments)
    try:
        for path in filter(None, (options.json, options.html)):
            if path != "-":
                with open(path, "a", encoding="utf-8"):  # before the work, which takes minutes
                    pass
        results = run(options)
        if options.json != "-":
            print(as_table(results))
        for line in results.wrong():
            print(line, file=sys.stderr if options.json == "-" else sys.stdout)
        if options.json:
            write(options.json, as_json(results))
        if options.html:
            write(options.html, as_page(results))
    except CaseError as error:
        return fail("suite", error)
    except OSError as error:
        return fail(error.filename or "suite", error.strerror)
    except KeyboardInterrupt:
        return 130
    if options.json != "-":
        print(f"{results.passed()} passed, {results.failed()} failed")
    return 1 if results.failed() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
