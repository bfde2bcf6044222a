"""The macros of the case suite: two programs, each under two tools."""

load("@rules_cc//cc:defs.bzl", "cc_binary")

COPTS = [
    "-D_GNU_SOURCE",
    "-O1",  # keeps every call a call, so that the stacks are those of the source
]

def _standard(source):
    return ["-std=c++17"] if source.endswith(".cc") else ["-std=c11", "-Wpedantic"]

def _by_hand(name, source, out, compiler, flags):
    """Builds what Bazel's C++ toolchain, which is one compiler for all, does not."""
    compilers = {"gcc": "g++", "clang-19": "clang++-19"}
    words = [compilers[compiler] if source.endswith(".cc") else compiler] + _standard(source) + COPTS
    words += ["-g", "-pthread", "-Wall", "-Wextra", "-Werror", "-I."] + flags
    native.genrule(
        name = name,
        srcs = [
            source,
            "schedule.h",
        ],
        outs = [out],
        cmd = " ".join(words) + " $(location " + source + ") -o $@",
        executable = True,
    )

def _test(name, tool, source, program, more):
    native.sh_test(
        name = name,
        size = "small",
        srcs = ["suite/check_one.py"],
        args = [
            tool,
            "$(location " + source + ")",
            "$(location " + program + ")",
        ] + ["$(location " + label + ")" for label in more if label.startswith("//cli")],
        data = native.glob(["suite/*.py"]) + [
            source,
            program,
        ] + more,
    )

def case_pair(path, plugin = False):
    """Builds PATH_buggy and PATH_fixed, and tests each with gordian and with ThreadSanitizer.

    For each twin: NAME_TWIN, the program built with gcc; NAME_TWIN_tsan, built with clang and ThreadSanitizer;
    NAME_TWIN_gordian_test and NAME_TWIN_tsan_test.

    Args:
      path: TOPIC/NAME.c or TOPIC/NAME.cc
      plugin: whether the source holds a plug-in, too, which lies beside the program as PROGRAM.so
    """
    base, suffix = path.rsplit(".", 1)
    for twin in ["buggy", "fixed"]:
        name = base.split("/")[-1] + "_" + twin
        source = base + "_" + twin + "." + suffix
        tsan = name + "_tsan.exe"

        cc_binary(
            name = name,
            srcs = [source],
            copts = _standard(source) + COPTS,
            linkopts = ["-pthread"],
            visibility = ["//tests:__subpackages__"],
            deps = [":schedule"],
        )
        _by_hand(name + "_tsan", source, tsan, "clang-19", ["-fsanitize=thread"])

        plugins = []
        tsan_plugins = []
        if plugin:
            flags = ["-DPLUGIN", "-shared", "-fPIC"]
            plugins = [name + ".so"]
            tsan_plugins = [tsan + ".so"]
            _by_hand(name + "_plugin", source, plugins[0], "gcc", flags)
            _by_hand(name + "_tsan_plugin", source, tsan_plugins[0], "clang-19", flags + ["-fsanitize=thread"])

        _test(name + "_gordian_test", "gordian", source, name, ["//cli:gordian", "//interpose:gordian"] + plugins)
        _test(name + "_tsan_test", "tsan", source, tsan, tsan_plugins)

def case_pairs(sources, plugins = []):
    """A case_pair for each of the files TOPIC/NAME_buggy.c or .cc; those in `plugins` hold a plug-in."""
    for source in sources:
        case_pair(source.replace("_buggy.", "."), source in plugins)
