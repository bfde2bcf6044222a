#!/usr/bin/env python3
"""Init routines of C++ that leave by an exception.

    kinds_exceptions_test.py GORDIAN PROGRAM SOURCE [Class.test...]

PROGRAM and SOURCE: kinds_once_cpp.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import kinds  # noqa: E402
from tests.e2e.kinds import found, quiet  # noqa: E402

ONCE_CPP, = kinds.programs("once_cpp")


class OnceTest(kinds.Scenarios):
    families = ["other"]


ONCE_CPP.add(OnceTest, {
    "throws": quiet(),
    "throws_twice": quiet(),
    "throws_inside": found("deadlock.potential", "cycle",
                           ["need_it_first", "catch_inside_and_take_left", "need_it_with_left_held"]),
})


if __name__ == "__main__":
    check.main()
