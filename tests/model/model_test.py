#!/usr/bin/env python3
"""The models of what runs without a lock hold; and each of them, broken in the way that its comment says, does not.

    model_test.py MODEL... [Class.test...]
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402

MODELS = [os.path.abspath(path) for path in sys.argv[1:] if path.endswith(".pml")]
sys.argv[1:] = [word for word in sys.argv[1:] if not word.endswith(".pml")]


class ModelTest(unittest.TestCase):
    def examine(self, model, *options):
        """Goes through every interleaving. Returns the number of errors found."""
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["spin", *options, "-a", model], check=True, cwd=folder, stdout=subprocess.PIPE)
            subprocess.run(["gcc", "-O1", "-w", "-DSAFETY", "-o", "pan", "pan.c"], check=True, cwd=folder)
            # -E: a process that waits for ever is no error: so ends a deadlock.
            said = subprocess.run(["./pan", "-E", "-m1000000"], check=True, cwd=folder, stdout=subprocess.PIPE, text=True).stdout
        self.assertNotIn("max search depth too small", said)
        states, errors = re.search(r"(\d+) states, stored", said), re.search(r"errors: (\d+)", said)
        self.assertIsNotNone(states, said)
        print(f"{os.path.basename(model)} {' '.join(options)}: {states[1]} states, {errors[1]} errors")
        return int(errors[1])

    def test_there_are_models(self):
        self.assertEqual(len(MODELS), 3)


for _model in MODELS:
    _name = os.path.basename(_model).split(".")[0]
    setattr(ModelTest, f"test_{_name}", lambda self, model=_model: self.assertEqual(self.examine(model), 0))
    setattr(ModelTest, f"test_{_name}_broken", lambda self, model=_model: self.assertEqual(self.examine(model, "-DBROKEN"), 1))


if __name__ == "__main__":
    check.main()
