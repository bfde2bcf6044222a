"""The Python tests' harness: unittest, with the closing line that every test program here prints.

    class RunnerTest(unittest.TestCase): ...
    if __name__ == "__main__": check.main()

Prints "ok NAME" or "FAILED NAME" for each test case, what a failed one saw, then "N passed, N failed", and exits with 1
when a case failed or there was none. With arguments, it runs the cases named (Class or Class.test). Tests run in the
project's root or in Bazel's copy of it: paths are relative to that.
"""

import sys
import unittest


def _name(test):
    return test.id().replace("__main__.", "")


class _Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.passed = 0
        self.failed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1
        print(f"ok {_name(test)}", flush=True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._fail(test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._fail(test, self.errors[-1][1])

    def addSkip(self, test, reason):
        # A test that did not run has shown nothing.
        super().addSkip(test, reason)
        self._fail(test, f"skipped: {reason}")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._fail(subtest, (self.failures or self.errors)[-1][1])

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self._fail(test, "marked as an expected failure")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._fail(test, "marked as an expected failure")

    def _fail(self, test, what):
        self.failed += 1
        print(f"{what.rstrip()}\nFAILED {_name(test)}", flush=True)


def main():
    """Run the tests of the calling program."""
    loader = unittest.TestLoader()
    module = sys.modules["__main__"]
    tests = loader.loadTestsFromNames(sys.argv[1:], module) if sys.argv[1:] else loader.loadTestsFromModule(module)
    result = _Result()
    tests.run(result)
    print(f"{result.passed} passed, {result.failed} failed")
    sys.exit(0 if result.failed == 0 and result.passed > 0 else 1)
