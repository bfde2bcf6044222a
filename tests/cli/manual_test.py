#!/usr/bin/env python3
"""Help, manual page and completion say the same of every option, and the parser takes each; the shells complete with them.

    manual_test.py GORDIAN SUITE HEADER PAGE [Class.test...]

SUITE: the runner of `gordian suite`, which has a parser of its own. HEADER and PAGE: gordian.h and its manual page.
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402

GORDIAN, SUITE, HEADER, PAGE = (os.path.abspath(path) for path in sys.argv[1:5])
del sys.argv[1:5]


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL, **options)


def gordian(*arguments):
    result = run(GORDIAN, *arguments)
    if result.returncode or result.stderr:
        raise AssertionError(f"gordian {' '.join(arguments)}: {result}")
    return result.stdout


def commands():
    """The subcommands that the overview lists."""
    listed = gordian("help").split("have their options\n")[-1].split("has their options\n")[-1].split("\n\n")[0]
    names = [name for name in re.findall(r"^  ([a-z-]+) ", listed, re.M) if not name.startswith("-")]
    return list(dict.fromkeys(names))  # help has topics, too


def helped(command):
    """The options that the help lists, with how it calls their values."""
    return dict(re.findall(r"^  --([a-z-]+)(?: ([A-Z][A-Za-z,.]*))?", gordian("help", command), re.M))


class OptionsTest(unittest.TestCase):
    def setUp(self):
        self.assertGreater(len(commands()), 6)
        self.assertLessEqual({"json", "text", "out", "exit-code", "full", "quiet", "on-deadlock", "no-children"},
                             set(helped("run")))

    def test_the_parser_takes_them(self):
        for command in commands():
            for option, value in helped(command).items():
                with self.subTest(command=command, option=option):
                    # With a value too many, or one too few: either is another mistake than an unknown option.
                    result = run(GORDIAN, command, f"--{option}" if value else f"--{option}=x")
                    self.assertEqual(result.returncode, 125, result)
                    self.assertRegex(result.stderr, "needs a value|takes no value|expected one argument|ignored explicit argument")

    def test_the_suite_takes_them_and_no_others(self):
        with open(SUITE, encoding="utf-8") as file:
            taken = set(re.findall(r'add_argument\("--([a-z-]+)"', file.read())) - {"gordian"}
        self.assertEqual(set(helped("suite")), taken)

    def test_the_manual_has_them(self):
        text = gordian("help", "--man").replace("\\-", "-")
        sections = dict(re.findall(r'^\.SS "gordian ([a-z-]+) [^\n]*\n(.*?)(?=^\.S)', text, re.M | re.S))
        self.assertEqual(list(sections), commands())
        for command in commands():
            named = re.findall(r"^\.TP\n\\fB--([a-z-]+)\\fR(?: \\fI(.*?)\\fR)?$", sections[command], re.M)
            self.assertEqual(named, list(helped(command).items()))

    def test_the_completions_have_them(self):
        zsh = gordian("completion", "zsh")
        for command in commands():
            with self.subTest(command=command):
                bash = run("bash", "-c", 'eval "$(cat)"; _gordian_options "$1"'.replace("$(cat)", '$("$0" completion bash)'),
                           GORDIAN, command)
                self.assertEqual(re.findall("--([a-z-]+)", bash.stdout), list(helped(command)), bash)
                part = re.search(rf"^        {command}\)\n(.*?);;", zsh, re.M | re.S)[1]
                self.assertEqual(re.findall(r"'--([a-z-]+)=?\[", part), list(helped(command)))

    def test_the_manual_is_well_formed(self):
        with tempfile.NamedTemporaryFile("w", suffix=".1") as file:
            file.write(gordian("help", "--man"))
            file.flush()
            for page in (file.name, PAGE):
                result = run("mandoc", "-T", "lint", "-W", "warning", page)
                wrong = [line for line in result.stdout.splitlines() if "missing date" not in line]
                self.assertEqual(wrong, [])

    def test_the_manual_has_the_librarys_options(self):
        text = gordian("help", "--man").replace("\\-", "-")
        with open("interpose/options_text.h", encoding="utf-8") as file:
            names = re.findall(r'^    "  ([a-z_]+)=', file.read(), re.M)
        self.assertGreater(len(names), 15)
        for name in names:
            self.assertRegex(text, rf'\n\.B "{name}=')

    def test_every_word_of_the_header_is_in_its_page(self):
        with open(HEADER, encoding="utf-8") as file:
            words = set(re.findall(r"^#define (GORDIAN_[A-Z]+(?:_[A-Z]+)+)\(", file.read(), re.M))
        with open(PAGE, encoding="utf-8") as file:
            page = file.read()
        self.assertEqual(words, set(re.findall(r"(GORDIAN_[A-Z_]+)\(", page)))
        self.assertEqual(len(words), 7)
        self.assertIn("GORDIAN_NO_ANNOTATIONS", page)

    def test_help_fits_a_terminal(self):
        for command in commands():
            for line in gordian("help", command).splitlines():
                self.assertLessEqual(len(line), 100 if line.startswith("  gordian") else 80, line)
            self.assertRegex(gordian("help", command), r"\nExamples?\n  \S")


class BashTest(unittest.TestCase):
    """What bash offers for a line; words as bash splits them."""

    def offered(self, *words, more="", **options):
        script = f'eval "$("$0" completion bash)"; {more}\nCOMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _gordian; ' \
                 'printf "%s\\n" "${COMPREPLY[@]}"'
        result = run("bash", "-c", script, GORDIAN, GORDIAN, *words, **options)
        self.assertEqual(result.stderr, "")
        return [line for line in result.stdout.split("\n") if line]

    def test_subcommands(self):
        self.assertEqual(self.offered("r"), ["run", "report"])
        self.assertEqual(self.offered("help", "du"), ["dump"])
        self.assertIn("--version", self.offered("--"))

    def test_options(self):
        self.assertEqual(self.offered("run", "--on-"), ["--on-deadlock"])
        self.assertEqual(self.offered("run", "--json", "x", "--no-ch"), ["--no-children"])
        self.assertEqual(self.offered("report", "a.rec", "--fu"), ["--full"])
        self.assertEqual(self.offered("ps", "--"), ["--help"])

    def test_values(self):
        self.assertEqual(self.offered("run", "--on-deadlock", ""), ["stop", "abort", "continue"])
        self.assertEqual(self.offered("run", "--on-deadlock", "=", "ab"), ["abort"])
        self.assertEqual(self.offered("suite", "--tools", "gordian,ts"), ["gordian,tsan"])
        with tempfile.TemporaryDirectory() as folder:
            for name in ("a.rec", "a.txt", "a.json"):
                open(os.path.join(folder, name), "w", encoding="ascii").close()
            os.mkdir(os.path.join(folder, "a.d"))
            self.assertEqual(sorted(self.offered("run", "--json", "a.j", cwd=folder)), ["a.json"])
            self.assertEqual(sorted(self.offered("run", "--out", "a", cwd=folder)), ["a.d"])
            self.assertEqual(sorted(self.offered("report", "a", cwd=folder)), ["a.d", "a.rec"])
            self.assertEqual(sorted(self.offered("report", "--json", "=", "a.t", cwd=folder)), ["a.txt"])

    def test_the_program(self):
        self.assertIn("bash", self.offered("run", "bas"))
        self.assertIn("bash", self.offered("run", "--full", "--", "bas"))
        with tempfile.TemporaryDirectory() as folder:
            open(os.path.join(folder, "input"), "w", encoding="ascii").close()
            self.assertEqual(self.offered("run", "--json", "x", "cat", "inp", cwd=folder), ["input"])
            self.assertEqual(self.offered("run", "--", "cat", "inp", cwd=folder), ["input"])
            # Options behind the program are the program's.
            self.assertEqual(self.offered("run", "cat", "--js", cwd=folder), [])
        # Where bash-completion is there, it completes the program's words.
        told = self.offered("run", "--full", "cat", "-", more='_command_offset() { COMPREPLY=("offset $1"); }')
        self.assertEqual(told, ["offset 3"])

    def test_processes(self):
        more = 'fake() { printf "41  a  1 thread\\n  T1   main\\n42  b  2 threads\\n"; }; export -f fake'
        result = run("bash", "-c", f'eval "$("$0" completion bash)"; {more}; COMP_WORDS=(fake dump "4") COMP_CWORD=2; _gordian; '
                     'printf "%s\\n" "${COMPREPLY[@]}"', GORDIAN)
        self.assertEqual(result.stdout.split(), ["41", "42"], result)


class ZshTest(unittest.TestCase):
    """What zsh inserts for a line and one press of the tabulator, in a terminal of its own."""

    def completed(self, line, folder):
        script = f"""
            zmodload zsh/zpty
            zpty z 'zsh -f -i'
            zpty -w z 'cd {folder}; PS1=; PATH={os.path.dirname(GORDIAN)}:$PATH; autoload -Uz compinit; compinit -u -D'
            zpty -w z 'source <({GORDIAN} completion zsh); zstyle ":completion:*" list-prompt ""; LISTMAX=1000'
            zpty -w z 'show() {{ print -r -- "<<$BUFFER>>"; zle send-break }}; zle -N show; bindkey "^X" show; print rea""dy'
            while zpty -r z text; do [[ $text != *ready* ]] || break; done
            zpty -n -w z $'{line}\\t\\x18'
            while zpty -r z text '*<<*>>*'; do print -r -- $text; break; done
            zpty -d z
        """
        result = run("timeout", "40", "zsh", "-fc", script, env={**os.environ, "TERM": "xterm"})
        found = re.search("<<(.*?)>>", result.stdout, re.S)
        self.assertTrue(found, result)
        return found[1]

    def test_completion(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("report.rec", "report.txt"):
                open(os.path.join(folder, name), "w", encoding="ascii").close()
            self.assertEqual(self.completed("gordian rep", folder), "gordian report ")
            self.assertEqual(self.completed("gordian run --on-d", folder), "gordian run --on-deadlock=")
            self.assertEqual(self.completed("gordian run --on-deadlock=ab", folder), "gordian run --on-deadlock=abort ")
            self.assertEqual(self.completed("gordian report rep", folder), "gordian report report.rec ")


if __name__ == "__main__":
    check.main()
