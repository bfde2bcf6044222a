#!/usr/bin/env python3
"""Runs one program of the suite under one tool and compares what the tool says with the program's own EXPECT lines.

    check_one.py gordian CASE.c PROGRAM GORDIAN     PROGRAM built from CASE.c; GORDIAN is the command
    check_one.py tsan    CASE.c PROGRAM             PROGRAM built from CASE.c with -fsanitize=thread

Runs in the project's root, or in Bazel's copy of it. Prints each difference as `CASE.c:LINE: what is wrong`, then "1 passed, 0 failed" or "0 passed, 1 failed". The status is 0 when all
is as expected, 1 when not, 2 when the case or the call is not in order.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.getcwd(), "cases"))
from suite import tools  # noqa: E402
from suite.case import Case, CaseError  # noqa: E402


def main(arguments):
    tool = arguments[0] if arguments else None
    if len(arguments) != {"gordian": 4, "tsan": 3}.get(tool):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        case = Case(arguments[1])
    except (CaseError, OSError) as error:
        print(f"{error}\n0 passed, 1 failed")
        return 2
    judgement = tools.make(tool, os.path.abspath(arguments[-1])).judge(case, os.path.abspath(arguments[2]))
    if judgement.wrong:
        print(judgement.said + "\n".join(judgement.wrong) + "\n0 passed, 1 failed")
        return 1
    print("1 passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
