"""The results, kept row by row in results.json, so that a run that was interrupted goes on, and one that measures a few rows
replaces these.

Rows of another build say nothing about this one: when the build is another, the old file is put aside as results-BUILD.json.
"""

import hashlib
import json
import os
import platform

SCHEMA = "gordian-bench/2"


def cpu_name():
    """The processor's name, as the kernel gives it."""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        names = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    return names[0] if names else platform.machine()


def machine():
    return {"processors": os.cpu_count(), "cpu": cpu_name(), "kernel": platform.release()}


def digest(paths):
    """One name for the files as they are now."""
    total = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            total.update(hashlib.sha256(file.read()).digest())
    return total.hexdigest()[:12]


class Results:
    def __init__(self, folder, build):
        self.path = os.path.join(folder, "results.json")
        self.document = {"schema": SCHEMA, "build": build, "machine": machine(), "rows": []}
        os.makedirs(folder, exist_ok=True)
        old = load(self.path)
        if old and (old["build"], old["machine"]) == (build, self.document["machine"]):
            self.document = old
        elif old:
            os.replace(self.path, os.path.join(folder, f"results-{old['build']}.json"))

    @property
    def rows(self):
        return self.document["rows"]

    def has(self, identity, repetitions):
        """Whether the row was measured with at least so many repetitions."""
        return any(row["id"] == identity and row["repetitions"] >= repetitions for row in self.rows)

    def put(self, row, order):
        """Keep a row, in place of an older one; `order` has the ids of all rows."""
        place = {identity: n for n, identity in enumerate(order)}
        kept = [one for one in self.rows if one["id"] != row["id"] and one["id"] in place] + [row]
        self.document["rows"] = sorted(kept, key=lambda one: place[one["id"]])
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.document, file, indent=1)
            file.write("\n")
        os.replace(self.path + ".new", self.path)


def load(path):
    """The document there; None when there is none of this schema."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except (OSError, ValueError):
        return None
    return document if document.get("schema") == SCHEMA else None
