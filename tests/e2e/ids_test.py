#!/usr/bin/env python3
"""A bug has the same id in builds that differ in everything but the bug, and bugs that are alike have different ones.

    ids_test.py GORDIAN IDENTITIES_SOURCE IDENTITIES_CPP_SOURCE [Class.test...]

The program is built here, again and again: with code added, at other addresses, in other folders, with and without debug
information.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import watched  # noqa: E402

GORDIAN, SOURCE, CPP_SOURCE = watched.paths(3)
ROOT = os.getcwd()
FLAGS = ["-Wall", "-Wextra", "-Werror", "-pthread", "-I" + ROOT]

# What is added above, between and below the functions of the program; it is called, so that it is not left out.
ADDED = """
static int added_table_N[1000] = {N};

__attribute__((noinline, used)) static int added_N(int number) {
    added_table_N[number % 1000]++;
    for (int i = 0; i < number; i++)
        number += added_table_N[i % 1000] * i;
    return number;
}
"""

EXPECTED = [("deadlock.potential", "alice", "bob"), ("deadlock.potential", "carol", "dave"),
            ("deadlock.potential", "account_import", "account_import"), ("deadlock.potential", "account_open", "account_open"),
            ("deadlock.potential", "account_import", "account_open"), ("misuse.exit_holding", "left_alone")]


class Builds(unittest.TestCase):
    maxDiff = None
    origin = None
    standard = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name

    @classmethod
    def build(cls, name, *flags, text=None, more=(), compiler="gcc"):
        """Build the program in a folder of that name. It is always called identities."""
        place = os.path.join(cls.folder, name)
        os.makedirs(place)
        source = os.path.join(place, os.path.basename(cls.origin))
        if text is None:
            shutil.copyfile(cls.origin, source)
        else:
            with open(source, "w", encoding="utf-8") as file:
                file.write(text)
        program = os.path.join(place, "identities")
        subprocess.run([compiler, cls.standard, *FLAGS, *flags, *more, source, "-o", program], check=True)
        return program

    @classmethod
    def source(cls):
        with open(cls.origin, encoding="utf-8") as file:
            return file.read()

    @classmethod
    def moved(cls):
        """The source with code added wherever it may be."""
        text = cls.source()
        count = text.count("/* ADD HERE */")
        assert count >= 3
        for number in range(count):
            text = text.replace("/* ADD HERE */", ADDED.replace("N", str(number)), 1)
        return text

    @staticmethod
    def findings_of(program, scenario="plain"):
        run = watched.under(GORDIAN, [program, scenario])
        assert run.status == 66, run
        return run.report["findings"]

    @staticmethod
    def name_of(lock):
        makers = [frame["function"] for frame in lock["initialised"] if (frame["function"] or "").startswith("account_")]
        return makers[0] if makers else lock["name"]

    @classmethod
    def ids_of(cls, program, scenario="plain"):
        """The findings by kind and locks: (kind, lock...) -> id. A lock on the heap goes by the function that made it."""
        ids = {}
        for finding in cls.findings_of(program, scenario):
            locks = sorted(cls.name_of(lock) for lock in finding["locks"])
            key = (finding["kind"], *locks)
            assert key not in ids, f"{key} twice"
            ids[key] = finding["id"]
        return ids

    @classmethod
    def ids_of_nameless(cls, program, scenario="plain"):
        return sorted(finding["id"] for finding in cls.findings_of(program, scenario))


class CTest(Builds):
    origin = SOURCE
    standard = "-std=gnu11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program = cls.build("base", "-g", "-O1")
        cls.base = cls.ids_of(cls.program)

    def test_alike_is_not_the_same(self):
        self.assertEqual(sorted(self.base), sorted(EXPECTED))
        self.assertEqual(len(set(self.base.values())), len(EXPECTED))

    def test_threads_with_other_numbers_in_another_order(self):
        self.assertEqual(self.ids_of(self.program, "crowd"), self.base)

    def test_code_that_is_added_above_between_and_below(self):
        moved = self.build("moved", "-g", "-O1", text=self.moved())
        self.assertEqual(self.ids_of(moved), self.base)
        self.assertEqual(self.ids_of(moved, "crowd"), self.base)

        def places(program):
            return {(frame["function"], frame["line"], frame["offset"]) for finding in self.findings_of(program)
                    for step in finding["steps"] for frame in step["wants"]["stack"] if frame["function"] == "both"}
        self.assertFalse(places(moved) & places(self.program), "nothing has moved")

    def test_other_addresses(self):
        extra = os.path.join(self.folder, "extra.c")
        with open(extra, "w", encoding="utf-8") as file:
            file.write("int extra[5000] = {1};\n" + ADDED.replace("N", "7").replace(" static", ""))
        for name, flags, more in (("fixed", ["-no-pie"], []), ("before", [], [extra]), ("far", ["-Wl,-z,max-page-size=0x200000"], []),
                                  ("sections", ["-ffunction-sections", "-Wl,--sort-section=name"], [])):
            with self.subTest(name):
                self.assertEqual(self.ids_of(self.build(name, "-g", "-O1", *flags, more=more)), self.base)

    def test_levels_of_optimisation_that_keep_the_functions(self):
        for level in ("-O0", "-O2", "-Os"):
            with self.subTest(level):
                self.assertEqual(self.ids_of(self.build("level" + level, "-g", level, "-fno-optimize-sibling-calls")), self.base)

    def test_another_compiler(self):
        program = self.build("clang", "-g", "-O1", "-fno-optimize-sibling-calls", compiler="clang-19")
        self.assertEqual(self.ids_of(program), self.base)

    def test_another_machine(self):
        elsewhere = self.build("elsewhere", "-g", "-O1", f"-ffile-prefix-map={self.folder}=/home/somebody/src")
        self.assertEqual(self.ids_of(elsewhere), self.base)

    def test_debug_information_in_a_file_of_its_own(self):
        program = self.build("apart", "-g", "-O1")
        debug = os.path.join(os.path.dirname(program), "elsewhere.debug")
        subprocess.run(["objcopy", "--only-keep-debug", program, debug], check=True)
        subprocess.run(["strip", program], check=True)
        stripped = self.ids_of_nameless(program)
        self.assertTrue(set(stripped).isdisjoint(self.base.values()), "it was there all the time")
        subprocess.run(["objcopy", f"--add-gnu-debuglink={debug}", program], check=True)
        self.assertEqual(self.ids_of(program), self.base)

    def test_a_symbol_table_alone(self):
        """Other ids than with lines, and as steady."""
        text = self.source().replace("/* ADD HERE */", ADDED.replace("N", "1"), 1)
        plain, moved = self.build("symbols", "-O1"), self.build("symbols_moved", "-O1", text=text)
        ids = self.ids_of(plain)
        self.assertEqual(sorted(ids), sorted(EXPECTED))
        self.assertEqual(len(set(ids.values())), len(EXPECTED))
        self.assertEqual(self.ids_of(moved, "crowd"), ids)
        self.assertTrue(set(ids.values()).isdisjoint(self.base.values()))

    def test_no_symbols_at_all(self):
        """The place in the module stands for the name: the same in every run of this build, wherever it lies."""
        program = self.build("nameless", "-O1", "-s")
        ids = self.ids_of_nameless(program)
        self.assertEqual(len(set(ids)), len(EXPECTED))
        os.makedirs(os.path.join(self.folder, "copy"))
        copy = shutil.copy(program, os.path.join(self.folder, "copy", "identities"))
        self.assertEqual(self.ids_of_nameless(copy, "plain"), ids)


class CppTest(Builds):
    """With lambdas, templates and the standard library between the functions."""

    origin = CPP_SOURCE
    standard = "-std=c++17"

    def check_builds(self, compiler):
        base = self.build(f"{compiler}-base", "-g", "-O1", compiler=compiler)
        ids = self.ids_of(base)
        self.assertEqual(sorted(ids), [("deadlock.potential", "bank::alice", "bank::bob"),
                                       ("deadlock.potential", "bank::carol", "bank::dave")])
        self.assertEqual(len(set(ids.values())), 2)
        self.assertEqual(self.ids_of(base, "crowd"), ids)
        for level in ("-O0", "-O2", "-O3"):
            moved = self.build(compiler + level, "-g", level, "-fno-optimize-sibling-calls", text=self.moved(), compiler=compiler)
            self.assertEqual(self.ids_of(moved), ids, level)

    def test_gcc(self):
        self.check_builds("g++")

    def test_clang(self):
        self.check_builds("clang++-19")


if __name__ == "__main__":
    check.main()
