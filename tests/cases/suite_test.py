#!/usr/bin/env python3
"""gordian suite and gordian new-case: what they print and write, whom they name, and that the rest still runs.

    suite_test.py GORDIAN [Class.test...]
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path[0:0] = [os.getcwd(), os.path.join(os.getcwd(), "cases")]
from suite import case as suite_case  # noqa: E402
from suite import findings  # noqa: E402
from tests import check  # noqa: E402

GORDIAN = os.path.abspath(sys.argv.pop(1))

SILENT = """\
/* Nothing.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 */
int main(void) {
    return 0;
}
"""
FAILING = SILENT.replace(" */", " * EXPECT exit: 1\n */", 1).replace("return 0", "return 1")


class SuiteTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def pair(self, name, buggy=FAILING, fixed=SILENT):
        self.write(f"{name}_buggy.c", buggy)
        self.write(f"{name}_fixed.c", fixed)

    def gordian(self, *arguments, cwd=None):
        """Returns the status and both streams."""
        done = subprocess.run([GORDIAN, *arguments], cwd=cwd or self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False, timeout=120)
        return done.returncode, done.stdout, done.stderr

    def suite(self, *arguments):
        """Returns the status, the lines of stdout without those of the table's head, and the results."""
        status, out, err = self.gordian("suite", "--quiet", "--cases", ".", "--json", "results.json", *arguments)
        self.assertEqual(err, "")
        with open(os.path.join(self.folder, "results.json"), encoding="utf-8") as file:
            return status, out.splitlines(), json.load(file)

    def check_named(self, message, *arguments, tools="native"):
        """The message stands alone behind the table, the good pair is run all the same, and the status is 1."""
        self.pair("good/silent")
        status, lines, results = self.suite("--tools", tools, *arguments)
        table_end = max(i for i, line in enumerate(lines) if line == "")
        self.assertEqual(lines[table_end + 1:-1], [message])
        self.assertRegex(lines[-1], r"^[1-9]\d* passed, 1 failed$")
        self.assertEqual(status, 1)
        good = [case for case in results["cases"] if case["topic"] == "good"]
        self.assertEqual([case["tools"]["native"]["verdict"] for case in good], ["as expected"] * 2)

    # What is no case, or does not do what it says.

    def test_a_case_without_expect(self):
        self.pair("bad/x", buggy=FAILING.replace("EXPECT gordian", "gordian"))
        self.check_named("./bad/x_buggy.c:1: has no 'EXPECT gordian:'")

    def test_an_unknown_kind(self):
        self.pair("bad/x", buggy=FAILING.replace("gordian: none", "gordian: deadlock.maybe a"))
        self.check_named("./bad/x_buggy.c:3: unknown kind 'deadlock.maybe' for gordian")

    def test_a_buggy_twin_that_expects_nothing(self):
        self.pair("bad/x", buggy=SILENT)
        self.check_named("./bad/x_buggy.c:1: a buggy twin must expect a finding or an exit status other than 0")

    def test_a_fixed_twin_that_expects_something(self):
        self.pair("bad/x", fixed=SILENT.replace("tsan: none", "tsan: data-race x"))
        self.check_named("./bad/x_fixed.c:4: a fixed twin must not expect a finding")

    def test_a_missing_twin(self):
        self.write("bad/x_buggy.c", FAILING)
        self.check_named("./bad/x_buggy.c:1: its fixed twin is missing")

    def test_a_missing_buggy_twin(self):
        self.write("bad/x_fixed.c", SILENT)
        self.check_named("./bad/x_fixed.c:1: its buggy twin is missing")

    def test_a_program_that_does_not_compile(self):
        self.pair("bad/x", buggy=FAILING.replace("return 1", "return one"))
        self.check_named("./bad/x_buggy.c:8: does not compile: 'one' undeclared (first use in this function)")

    def test_a_program_that_crashes(self):
        self.pair("bad/x", buggy=FAILING.replace("return 1", "__builtin_trap()"))
        self.check_named("./bad/x_buggy.c:1: crashed with SIGILL")

    def test_a_program_that_runs_past_its_limit(self):
        self.pair("bad/x", fixed=SILENT.replace("return 0", "for (;;)\n        continue"))
        self.check_named("./bad/x_fixed.c:1: still running after 1 s", "--limit", "1")

    def test_a_program_that_should_never_end_and_does(self):
        self.pair("bad/x", buggy=FAILING.replace("exit: 1", "exit: never"))
        self.check_named("./bad/x_buggy.c:1: expected never to end, but ended with 1")

    def test_another_status_than_expected(self):
        self.pair("bad/x", buggy=FAILING.replace("return 1", "return 2"))
        self.check_named("./bad/x_buggy.c:1: exit status 2, expected 1")

    def test_a_file_that_is_no_text(self):
        with open(self.write("bad/x_fixed.c", ""), "wb") as file:
            file.write(b"\xff\x00\xfe\n" * 100)
        self.write("bad/x_buggy.c", FAILING)
        self.check_named("./bad/x_fixed.c:1: has no 'EXPECT gordian:'")

    # What the tools say.

    def test_the_tools_side_by_side(self):
        status, out, _ = self.gordian("new-case", "mine/orders")
        self.assertEqual((status, out.splitlines()[:2]), (0, ["mine/orders_buggy.c", "mine/orders_fixed.c"]))
        status, lines, results = self.suite("orders")
        self.assertEqual(status, 0, lines)
        self.assertEqual([re.sub(r" {2,}", " | ", line) for line in lines if "orders" in line or "fixed" in line], [
            "mine/orders | buggy | as expected | found | found | found | missed",
            " | fixed | as expected | correct silence | correct silence | correct silence | correct silence"])
        self.assertEqual(lines[-1], "10 passed, 0 failed")
        self.assertEqual((results["schema"], results["passed"], results["failed"], results["wrong"]), ("gordian-suite/1", 10, 0, []))
        buggy, fixed = results["cases"]
        self.assertEqual((buggy["name"], buggy["topic"], buggy["twin"], fixed["twin"]), ("orders", "mine", "buggy", "fixed"))
        self.assertEqual(buggy["tools"]["gordian"]["findings"], ["deadlock.potential shape=cycle first_lock second_lock"])

    def test_a_bug_that_is_not_reported_is_told_with_its_line(self):
        self.gordian("new-case", "mine/orders")
        path = os.path.join(self.folder, "mine/orders_buggy.c")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        line = 1 + text[:text.index("EXPECT gordian")].count("\n")
        self.write("mine/orders_buggy.c", text.replace("first_lock second_lock\n", "first_lock third_lock\n"))
        status, lines, _ = self.suite("--tools", "gordian")
        self.assertEqual(status, 1)
        self.assertIn(f"./mine/orders_buggy.c:{line}: gordian did not report: deadlock.potential first_lock third_lock", lines)
        self.assertIn("1 passed, 1 failed", lines)

    def test_the_page_stands_alone(self):
        self.pair("<topic>/silent")
        status, _, _ = self.suite("--tools", "native", "--html", "suite.html")
        self.assertEqual(status, 0)
        with open(os.path.join(self.folder, "suite.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertNotRegex(page, r'(src|href)=|@import|url\(')
        self.assertNotIn("<topic>", page)
        self.assertIn("&lt;topic&gt;/silent", page)

    def test_progress_is_one_line_for_each_case(self):
        self.pair("good/silent")
        _, _, err = self.gordian("suite", "--cases", ".", "--tools", "native", "--jobs", "1")
        self.assertEqual(err.splitlines(), ["[1/2] good/silent_buggy.c", "[2/2] good/silent_fixed.c"])

    def test_cases_are_chosen_by_name_or_topic(self):
        for name in "one/first", "one/second", "two/first":
            self.pair(name)
        for chosen, expected in (("first", ["first", "first"]), ("one", ["first", "second"]), ("one/second", ["second"]),
                                 ("two/first_buggy", ["first"])):
            _, _, results = self.suite("--tools", "native", chosen)
            self.assertEqual([case["name"] for case in results["cases"] if case["twin"] == "buggy"], expected, chosen)

    # What cannot be done.

    def check_refused(self, message, *arguments):
        status, out, err = self.gordian(*arguments)
        self.assertEqual((status, out, err.splitlines()[0]), (125, "", message))

    def test_refusals(self):
        self.pair("good/silent")
        os.mkdir(os.path.join(self.folder, "empty"))
        self.check_refused("gordian: suite: nothing: no such case in .", "suite", "--cases", ".", "nothing")
        self.check_refused("gordian: suite: --cases: elsewhere is no folder", "suite", "--cases", "elsewhere")
        self.check_refused("gordian: suite: empty: has no cases, which are files NAME_buggy.c and NAME_fixed.c",
                           "suite", "--cases", "empty")
        self.check_refused("gordian: suite: --tools: there is no 'lint', only native, gordian, tsan, helgrind, drd",
                           "suite", "--tools", "lint")
        self.check_refused("gordian: suite: --jobs wants 1 or more, not 0", "suite", "--jobs", "0")
        self.check_refused("gordian: suite: unrecognized arguments: --fast", "suite", "--fast")
        self.check_refused("gordian: no/such/r.json: No such file or directory", "suite", "--cases", ".", "--json", "no/such/r.json")

    def test_new_case_overwrites_nothing(self):
        self.write("orders_fixed.c", "mine")
        self.check_refused("gordian: orders_fixed.c: there is such a file already", "new-case", "orders")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "orders_buggy.c")))
        self.check_refused("gordian: new-case: wants one NAME, or FOLDER/NAME", "new-case")
        self.check_refused("gordian: or-ders: a name is made of letters, digits and underscores", "new-case", "or-ders")


class TableTest(unittest.TestCase):
    def test_the_table_of_the_readme_has_every_pair_with_its_first_sentence(self):
        expected = []
        for topic in sorted(os.listdir("cases")):
            for name in sorted(os.listdir(os.path.join("cases", topic)) if os.path.isdir(os.path.join("cases", topic)) else ()):
                pair, buggy, _ = name.partition("_buggy.")
                if buggy:
                    with open(os.path.join("cases", topic, name), encoding="utf-8") as file:
                        expected.append(f"| `{topic}` | `{pair}` | {suite_case.first_sentence(file.read())} |")
        with open("cases/README.md", encoding="utf-8") as file:
            rows = [line for line in file.read().splitlines() if line.startswith("| `")]
        self.assertEqual(rows, expected)


class KindsTest(unittest.TestCase):
    def test_the_kinds_and_shapes_are_those_of_the_report(self):
        with open("reports/gordian-report-1.schema.json", encoding="utf-8") as file:
            finding = json.load(file)["$defs"]["finding"]["properties"]
        self.assertEqual(set(finding["kind"]["enum"]) - {"race.data"}, set(suite_case.GORDIAN_KINDS))
        self.assertEqual({shape for shape in finding["shape"]["enum"] if shape}, set(suite_case.GORDIAN_SHAPES))


class ValgrindTest(unittest.TestCase):
    ERROR = """<error><kind>Race</kind><stack><frame><fn>{fn}</fn><file>x_buggy.c</file><line>7</line></frame></stack>
        <stack><frame><fn>main</fn><file>x_buggy.c</file><line>9</line></frame></stack></error>"""

    def test_errors_are_read_also_from_what_was_cut(self):
        found = findings.of_valgrind("<valgrindoutput>" + self.ERROR.format(fn="count") + "<error><kind>Ra", "x_buggy.c")
        self.assertEqual([(f.kind, f.lines) for f in found], [("Race", {7, 9})])

    def test_errors_that_cannot_be_read_are_passed_over(self):
        mangled = self.ERROR.format(fn="count").replace("</frame>", "", 1)
        found = findings.of_valgrind(mangled + self.ERROR.format(fn="count"), "x_buggy.c")
        self.assertEqual([f.kind for f in found], ["Race"])

    def test_the_schedule_is_not_blamed(self):
        self.assertEqual(findings.of_valgrind(self.ERROR.format(fn="schedule_reach"), "x_buggy.c"), [])


if __name__ == "__main__":
    check.main()
