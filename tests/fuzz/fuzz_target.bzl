"""Fuzz targets: libFuzzer of clang-19, with the address and undefined-behaviour sanitizers."""

_FLAGS = "-g -O1 -std=gnu11 -w -I. -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all"

def fuzz_target(name, sources, linkopts = ""):
    """Builds NAME_target.c and what it examines into NAME_fuzzer.

    Args:
      name: of the target; its corpus is corpus/NAME
      sources: labels of the sources that it examines, headers included
      linkopts: libraries
    """
    native.genrule(
        name = name + "_fuzzer_build",
        testonly = True,
        srcs = [name + "_target.c"] + sources,
        outs = [name + "_fuzzer"],
        cmd = "clang-19 " + _FLAGS + " $(location " + name + "_target.c) $$(printf '%s\\n' " +
              " ".join(["$(locations %s)" % source for source in sources]) + " | grep '\\.c$$') -o $@ " + linkopts,
        executable = True,
    )
