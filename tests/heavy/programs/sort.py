"""sort(1), which merges in threads."""

import hashlib

from tests.heavy.harness import Program, words


def write_lines(place):
    place.write("lines", words(2, 2_500_000))


def drive(run):
    printed = run.execute(["sort", "--parallel=4", "-S", "64M", "-T", run.folder, "-k2", f"{run.shared}/lines"])
    return hashlib.sha256(printed).hexdigest()


PROGRAMS = [Program("sort", drive, ["sort", "--version"], write_lines)]
