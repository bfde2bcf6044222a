"""Packers that share the work among threads: what they pack and unpack is the same to the byte."""

from tests.heavy.harness import Failure, Program, digest, words


def packer(name, pack, unpack, suffix, lines=2_500_000):
    """A program that packs text with `pack` and unpacks it with `unpack`; both write to stdout."""
    def drive(run):
        text, packed, unpacked = f"{run.shared}/text", run.path("packed" + suffix), run.path("unpacked")
        for command, source, target in ((pack, text, packed), (unpack, packed, unpacked)):
            run.execute(["sh", "-c", 'out=$1; shift; exec "$@" >"$out"', "sh", target, *command, source])
        if digest(unpacked) != digest(text):
            raise Failure("what was packed and unpacked is not what it was")
        return digest(packed)

    return Program(name, drive, [name, "--version"], lambda place: place.write("text", words(1, lines)))


PROGRAMS = [
    packer("zstd", ["zstd", "-q", "-T4", "-9", "-c"], ["zstd", "-q", "-T4", "-d", "-c"], ".zst"),
    packer("pigz", ["pigz", "--no-time", "-p", "4", "-c"], ["pigz", "-p", "4", "-d", "-c"], ".gz"),
    packer("pbzip2", ["pbzip2", "-p4", "-b2", "-c"], ["pbzip2", "-p4", "-d", "-c"], ".bz2"),
    packer("xz", ["xz", "-T4", "-1", "--block-size=1MiB", "-c"], ["xz", "-T4", "-d", "-c"], ".xz", 600_000),
]
