"""Building the programs of a case: as it is, and with ThreadSanitizer."""

import functools
import os
import re
import shutil
import subprocess
import tempfile

# -O1 keeps every call a call, so that the stacks are those of the source.
FLAGS = ["-D_GNU_SOURCE", "-g", "-O1", "-Wall", "-Wextra", "-pthread"]
STANDARDS = {".c": ["-std=c11", "-Wpedantic"], ".cc": ["-std=c++17"]}
COMPILERS = {".c": ("gcc", "cc", "clang-19", "clang"), ".cc": ("g++", "c++", "clang++-19", "clang++")}
# clang's ThreadSanitizer gives both stacks of each side and the columns; gcc's does, too, with older names.
TSAN_COMPILERS = {".c": ("clang-19", "clang", "gcc"), ".cc": ("clang++-19", "clang++", "g++")}


class DoesNotBuild(Exception):
    """The message begins with file and line."""


def _works(compiler, flags, suffix):
    """Whether the compiler is there and makes programs that run."""
    if not shutil.which(compiler):
        return False
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "x" + suffix), os.path.join(folder, "x")
        with open(source, "w", encoding="ascii") as file:
            file.write("int main(void) { return 0; }\n" if suffix == ".c" else "int main() { return 0; }\n")
        built = subprocess.run([compiler, *flags, source, "-o", program, "-pthread"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, check=False)
        return built.returncode == 0 and subprocess.run([program], check=False).returncode == 0


@functools.lru_cache(maxsize=None)
def compiler(suffix, tsan):
    """The first compiler that works, None when none does."""
    flags = ["-fsanitize=thread"] if tsan else []
    return next((name for name in (TSAN_COMPILERS if tsan else COMPILERS)[suffix] if _works(name, flags, suffix)), None)


def build(case, include, program, tsan=False):
    """Build the case into the file `program`, and its plug-in, if it has one, into `program`.so. `include`: the folder in which
    cases/schedule.h is found."""
    suffix = os.path.splitext(case.path)[1]
    name = compiler(suffix, tsan)
    if not name:
        raise DoesNotBuild(f"{case.shown}:1: no compiler for {suffix} files" + (" with ThreadSanitizer" if tsan else ""))
    flags = [*STANDARDS[suffix], *FLAGS, f"-I{include}", *(["-fsanitize=thread"] if tsan else [])]
    commands = [[name, *flags, case.path, "-o", program]]
    if case.has_plugin:
        commands.append([name, *flags, "-DPLUGIN", "-shared", "-fPIC", case.path, "-o", program + ".so"])
    for command in commands:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                              env={**os.environ, "LC_ALL": "C"})
        if done.returncode != 0:
            raise DoesNotBuild(_first_error(case, done.stdout))


def _first_error(case, said):
    error = re.search(r"^(.*?):(\d+)(?::\d+)?: (?:fatal )?error: (.*)$", said, flags=re.M)
    if error:
        path = case.shown if error[1] == case.path else error[1]
        return f"{path}:{error[2]}: does not compile: {error[3]}"
    lines = said.strip().splitlines()
    return f"{case.shown}:1: does not compile: {lines[-1] if lines else 'the compiler said nothing'}"
