"""The one macro of the case suite: two programs, each under two tools."""

load("@rules_cc//cc:defs.bzl", "cc_binary")

def case_pair(name, topic):
    """Builds TOPIC/NAME_buggy.c and TOPIC/NAME_fixed.c, and tests each with gordian and with ThreadSanitizer.

    For each twin: NAME_TWIN, the program built with gcc; NAME_TWIN_tsan, built with clang and ThreadSanitizer;
    NAME_TWIN_gordian_test and NAME_TWIN_tsan_test.

    Args:
      name: the name of the pair
      topic: the folder it is in
    """
    for twin in ["buggy", "fixed"]:
        program = name + "_" + twin
        source = topic + "/" + program + ".c"

        # -O1 keeps every call a call, so that the stacks are those of the source.
        cc_binary(
            name = program,
            srcs = [source],
            copts = ["-O1"],
            linkopts = ["-pthread"],
            visibility = ["//tests:__subpackages__"],
            deps = [":schedule"],
        )

        # Built by hand, because Bazel's C++ toolchain is one compiler for all.
        native.genrule(
            name = program + "_tsan",
            srcs = [
                source,
                "schedule.h",
            ],
            outs = [program + "_tsan.exe"],
            cmd = "clang-19 -std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=thread -I. -pthread " +
                  "$(location " + source + ") -o $@",
            executable = True,
        )

        native.sh_test(
            name = program + "_gordian_test",
            size = "small",
            srcs = ["runner.py"],
            args = [
                "gordian",
                "$(location " + source + ")",
                "$(location " + program + ")",
                "$(location //cli:gordian)",
            ],
            data = [
                source,
                program,
                "//cli:gordian",
                "//interpose:gordian",
            ],
        )

        native.sh_test(
            name = program + "_tsan_test",
            size = "small",
            srcs = ["runner.py"],
            args = [
                "tsan",
                "$(location " + source + ")",
                "$(location " + program + "_tsan)",
            ],
            data = [
                source,
                program + "_tsan",
            ],
        )
