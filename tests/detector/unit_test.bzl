"""The detector's unit tests, each built twice: as the detector is shipped, and under sanitizers."""

load("@rules_cc//cc:defs.bzl", "cc_test")

_SANITIZE = [
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
]

def unit_test(name, linkopts = []):
    """Makes NAME and NAME_sanitized out of NAME.c and the detector's sources.

    Args:
      name: the test's name, and its source's without ".c".
      linkopts: more options for the linker.
    """
    srcs = [
        name + ".c",
        ":helpers",
        "//detector:sources",
    ]
    cc_test(
        name = name,
        size = "small",
        srcs = srcs,
        linkopts = linkopts,
        deps = ["//tests:check"],
    )
    cc_test(
        name = name + "_sanitized",
        size = "small",
        srcs = srcs,
        copts = _SANITIZE,
        linkopts = _SANITIZE + linkopts,
        deps = ["//tests:check"],
    )
