"""Running the bench in tests: `bench` runs it on what was built, or on a copy with some files replaced; `rows` reads its results."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.getcwd())


class BenchCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.results = os.path.join(self.folder, "results")

    def bench(self, *arguments, build=None):
        """Run the bench to its end."""
        return subprocess.run([sys.executable, "bench/main.py", "--build", build or os.getcwd(), "--results", self.results, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def replaced(self, path, by):
        """A build in which one file is another."""
        build = tempfile.mkdtemp(dir=self.folder)
        for name in ("bench", "interpose", "cli"):
            os.mkdir(os.path.join(build, name))
        for name in ("bench/libforward.so", "bench/graph", "bench/objects", "bench/pairs", "interpose/libgordian.so", "cli/gordian"):
            if name == "bench/pairs":
                os.mkdir(os.path.join(build, name))
                for program in os.listdir(name):
                    os.symlink(os.path.abspath(os.path.join(name, program)), os.path.join(build, name, program))
            else:
                os.symlink(os.path.abspath(name), os.path.join(build, name))
        os.remove(os.path.join(build, path))
        os.symlink(os.path.abspath(by), os.path.join(build, path))
        return build

    def rows(self):
        """The rows of the results, by id."""
        with open(os.path.join(self.results, "results.json"), encoding="utf-8") as file:
            return {row["id"]: row for row in json.load(file)["rows"]}
