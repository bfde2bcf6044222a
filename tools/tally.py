#!/usr/bin/env python3
"""Counts the test cases of a Bazel run.

    tally.py EVENTS.json [LOG...]

EVENTS.json is what `bazel test --build_event_json_file` wrote. Every test program closes with one line "N passed, N
failed", and so does every further LOG. This adds them up, also those of tests that Bazel had no need to run again. A test
that could not be built, fails without having counted a failed case, or passes without having counted any, is one failed
case, and is named. So is a run of Bazel that went wrong as a whole: a BUILD file that cannot be read shows no tests.

The last line is the sum. The status is 0 when no case failed and at least one passed.
"""

import json
import re
import sys
import urllib.parse

CLOSING = re.compile(r"(\d+) passed, (\d+) failed")


def count(text):
    """The last closing line of a log as (passed, failed); None when there is none."""
    found = [m for m in map(CLOSING.fullmatch, text.splitlines()) if m]
    return (int(found[-1][1]), int(found[-1][2])) if found else None


def read_events(path):
    """What Bazel says of its run: its own result ("SUCCESS"), and every test, label -> (status, path of its log or None)."""
    outcome, tests = "NOT FINISHED", {}
    with open(path, encoding="utf-8") as events:
        for event in map(json.loads, events):
            identity = event["id"]
            if "targetConfigured" in identity and event.get("configured", {}).get("testSize"):
                tests.setdefault(identity["targetConfigured"]["label"], ("NOT RUN", None))
            elif "testResult" in identity and "testResult" in event:
                result = event["testResult"]
                logs = [urllib.parse.unquote(urllib.parse.urlparse(output["uri"]).path)
                        for output in result.get("testActionOutput", []) if output["name"] == "test.log"]
                tests[identity["testResult"]["label"]] = (result["status"], logs[0] if logs else None)
            elif "buildFinished" in identity and "finished" in event:
                outcome = event["finished"]["exitCode"]["name"]
    return outcome, tests


def judge(status, log):
    """The cases of one test as (passed, failed, what is wrong with the test as a whole or None)."""
    cases = None
    if log:
        with open(log, encoding="utf-8", errors="replace") as file:
            cases = count(file.read())
    passed, failed = cases or (0, 0)
    if status != "PASSED" and failed == 0:
        return passed, 1, f"{status.lower().replace('_', ' ')} without a failed case"
    if status == "PASSED" and failed != 0:
        return passed, failed, "counts failed cases, but passes"
    if passed + failed == 0:
        return 0, 1, "passes without a case"
    return passed, failed, None


def main(arguments):
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    passed = failed = 0
    try:
        outcome, tests = read_events(arguments[0])
    except (OSError, ValueError, KeyError) as error:
        outcome, tests = f"no list of events: {error}", {}
    for label, (status, log) in sorted(tests.items()):
        test_passed, test_failed, wrong = judge(status, log)
        passed += test_passed
        failed += test_failed
        if wrong:
            print(f"{label}: {wrong}")
        elif test_failed:
            print(f"{label}: {test_failed} failed")
    if outcome not in ("SUCCESS", "TESTS_FAILED") or (outcome == "TESTS_FAILED" and failed == 0):
        print(f"bazel: {outcome.lower().replace('_', ' ')}")
        failed += 1
    for path in arguments[1:]:
        with open(path, encoding="utf-8", errors="replace") as file:
            cases = count(file.read())
        if not cases:
            print(f"{path}: no closing line")
        log_passed, log_failed = cases or (0, 1)
        passed += log_passed
        failed += log_failed
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
