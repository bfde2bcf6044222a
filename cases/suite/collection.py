"""The cases of a folder: which there are, in pairs, and what is wrong with the folder itself."""

import os

from suite.case import NAME, Case, CaseError

SUFFIXES = (".c", ".cc")


class Pair:
    """Two twins; one is None when it is missing or no case, which `wrong` then tells."""

    def __init__(self, topic, name):
        self.topic = topic
        self.name = name
        self.twins = {"buggy": None, "fixed": None}
        self.wrong = []

    def title(self):
        return f"{self.topic}/{self.name}" if self.topic else self.name


def collect(folder, wanted=(), shown=None):
    """The pairs in the folder and its sub-folders, sorted. `wanted`: NAME, TOPIC or TOPIC/NAME, each of which must match; none:
    all. `shown`: what to call the folder. Raises CaseError when there is nothing of a wanted name."""
    shown = shown or folder
    pairs = {}
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "suite" and not name.startswith("."))
        topic = os.path.relpath(path, folder)
        topic = "" if topic == "." else topic
        for name in sorted(files):
            if name.endswith(SUFFIXES):
                _add(pairs, topic, os.path.join(path, name), os.path.join(shown, topic, name))
    for pair in pairs.values():
        _miss(pair)
    found = sorted(pairs.values(), key=Pair.title)
    for name in wanted:
        if not any(_is(pair, name) for pair in found):
            raise CaseError(f"{name}: no such case in {shown}")
    return [pair for pair in found if not wanted or any(_is(pair, name) for name in wanted)]


def _add(pairs, topic, path, shown):
    match = NAME.fullmatch(os.path.basename(path))
    name = match["pair"] if match else os.path.splitext(os.path.basename(path))[0]
    pair = pairs.setdefault((topic, name), Pair(topic, name))
    pair.paths = {**getattr(pair, "paths", {}), (match["twin"] if match else None): shown}
    try:
        case = Case(path, shown)
        pair.twins[case.twin] = case
    except (CaseError, OSError) as error:
        pair.wrong.append(str(error) if isinstance(error, CaseError) else f"{shown}:1: {error.strerror}")


def _miss(pair):
    for twin, other in (("buggy", "fixed"), ("fixed", "buggy")):
        if other in pair.paths and twin not in pair.paths:
            pair.wrong.append(f"{pair.paths[other]}:1: its {twin} twin is missing")


def _is(pair, name):
    name = name.rstrip("/")
    twins = (pair.name, f"{pair.name}_buggy", f"{pair.name}_fixed")
    return name in (pair.topic, *twins) or any(name == f"{pair.topic}/{twin}" for twin in twins)
