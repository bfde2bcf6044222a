"""git where it uses threads: packing, indexing packs, searching, refreshing the index."""

import hashlib
import os

from tests.heavy.harness import Program, words

GIT = ["git", "-c", "user.name=heavy", "-c", "user.email=heavy@localhost", "-c", "gc.auto=0", "-c", "init.defaultBranch=main",
       "-c", "safe.directory=*", "-c", "core.preloadIndex=true"]


def make_repository(place):
    """A history of 100 commits over 600 files."""
    place.client([*GIT, "init", "-q", "repository"])
    stream = []
    for commit in range(100):
        stream.append(b"commit refs/heads/main\nmark :%d\ncommitter heavy <heavy@localhost> %d +0000\ndata 8\ncommit %d\n"
                      % (commit + 1, 1600000000 + commit * 60, commit % 10))
        for file in range(600 if commit == 0 else 60):
            name = file if commit == 0 else (commit * 37 + file * 11) % 600
            content = words(name, 120) + words(commit, 3)
            stream.append(b"M 644 inline folder%d/file%d.txt\ndata %d\n%s\n" % (name % 20, name, len(content), content))
    place.client([*GIT, "-C", place.path("repository"), "fast-import", "--quiet"], b"".join(stream))
    place.client([*GIT, "-C", place.path("repository"), "reset", "-q", "--hard"])


def drive(run):
    run.client(["cp", "-a", f"{run.shared}/repository", run.path("repository")])
    here = [*GIT, "-C", run.path("repository"), "-c", "pack.threads=4", "-c", "grep.threads=4", "-c", "index.threads=4"]
    answer = [run.execute([*here, "repack", "-adfq", "--window=60"]), run.execute([*here, "fsck", "--full", "--no-progress"])]
    pack, = [name for name in os.listdir(run.path("repository/.git/objects/pack")) if name.endswith(".pack")]
    answer.append(run.execute([*here, "index-pack", "--threads=4", "-o", run.path("again.idx"),
                               run.path("repository/.git/objects/pack", pack)]))
    for pattern in ("line 7. of", "no such line"):
        answer.append(run.execute([*here, "grep", "--no-color", "-n", "-e", pattern, "HEAD~20", "HEAD"],
                                  status=0 if pattern.startswith("line") else 1))
    run.write("repository/folder1/file1.txt", "changed\n")
    answer.append(run.execute([*here, "status", "--short"]))
    answer.append(run.client([*here, "rev-list", "--objects", "--all"]).encode())
    # The name of a pack is a hash of what is in it, which depends on the order of the work.
    return [hashlib.sha256(part.replace(b"pack\t", b"")).hexdigest() if b"pack" not in part else "a pack" for part in answer]


PROGRAMS = [Program("git", drive, ["git", "--version"], make_repository)]
