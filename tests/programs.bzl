"""Programs for the tests to watch, built with a compiler and flags of their own: Bazel's toolchain is one for all."""

_FLAGS = "-g -O1 -Wall -Wextra -Werror -I. -pthread "
_COMPILERS = {
    "gcc": "gcc -std=gnu11 ",
    "g++": "g++ -std=c++17 -x c++ ",
    "clang": "clang-19 -std=gnu11 ",
}

def watched_program(name, srcs, hdrs = [], compiler = "gcc", flags = ""):
    """Builds a program (or, with -shared among the flags, a library) from C or C++ sources.

    Args:
      name: of the target and of the file
      srcs: sources that are compiled
      hdrs: other files that they include
      compiler: gcc, g++ or clang
      flags: further flags
    """
    native.genrule(
        name = name + "_build",
        testonly = True,
        srcs = srcs + hdrs,
        outs = [name],
        cmd = _COMPILERS[compiler] + _FLAGS + flags + " " +
              " ".join(["$(location " + source + ")" for source in srcs]) + " -o $@",
        executable = True,
    )

def watching_test(name, args, data = [], size = "medium", timeout = None, tags = []):
    """A Python test NAME.py that runs programs under gordian.

    Args:
      name: of the test and of its file
      args: of the command line
      data: what they name
      size: as Bazel's
      timeout: as Bazel's
      tags: as Bazel's
    """
    native.sh_test(
        name = name,
        size = size,
        timeout = timeout,
        srcs = [name + ".py"],
        args = args,
        tags = tags,
        data = data + [
            "//cli:gordian",
            "//interpose:gordian",
            "//tests:check.py",
            "//tests/e2e:watched.py",
        ],
    )
