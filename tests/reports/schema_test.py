#!/usr/bin/python3
"""Every report that the JSON writer's test makes obeys the schema, and the schema is strict.

Usage: schema_test.py REPORT_JSON_TEST SCHEMA
"""

import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import jsonschema

sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402

WRITER, SCHEMA = sys.argv[1:3]
del sys.argv[1:3]


def reports():
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([WRITER], env=dict(os.environ, REPORTS_DIR=directory), check=True, stdout=subprocess.DEVNULL)
        return {path.stem: json.loads(path.read_text("utf-8")) for path in pathlib.Path(directory).glob("*.json")}


# Keys that stand only where they say something.
OPTIONAL = {"stack_cut", "created_cut", "initialised_cut", "first_cut", "longest_wait_cut", "longest_hold_cut", "event",
            "starvation", "signal", "suppressed_by", "known", "happened_id", "merged", "filter", "source", "access", "bytes"}


def objects(value):
    """Every JSON object in value, itself included."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from objects(item)


class SchemaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schema = json.loads(pathlib.Path(SCHEMA).read_text("utf-8"))
        cls.validator = jsonschema.Draft202012Validator(cls.schema)
        cls.reports = reports()

    def test_the_schema_is_one(self):
        jsonschema.Draft202012Validator.check_schema(self.schema)

    def test_every_object_of_the_schema_is_closed_and_requires_all_it_names_but_a_few(self):
        closed = [item for item in objects(self.schema) if item.get("type") == "object"]
        self.assertGreater(len(closed), 10)
        for item in closed:
            self.assertIs(item["additionalProperties"], False)
            self.assertEqual(sorted(item.get("required", [])), sorted(set(item.get("properties", {})) - OPTIONAL))

    def test_every_optional_key_stands_somewhere(self):
        keys = {key for report in self.reports.values() for item in objects(report) for key in item}
        self.assertEqual(OPTIONAL - keys, set())

    def test_every_report_is_valid(self):
        self.assertEqual(sorted(name for name in self.reports if not name.startswith("event_")),
                         ["empty", "filter", "kinds", "locks", "numbers", "numbers_of_kinds", "orphaned", "profile", "python",
                          "race", "run", "strings", "unfiltered", "unseen"])
        self.assertEqual(sum(name.startswith("event_") for name in self.reports), 22)
        for name, report in self.reports.items():
            errors = [f"{name}: {list(error.path)}: {error.message}" for error in self.validator.iter_errors(report)]
            self.assertEqual(errors, [])

    def test_no_key_can_be_left_out_or_added(self):
        for name in ("filter", "orphaned", "profile", "numbers_of_kinds"):
            self.check_keys(self.reports[name])

    def check_keys(self, report):
        places = sum(1 for _ in objects(report))
        self.assertGreater(places, 15)
        for place in range(places):
            for key in list(list(objects(report))[place]) + [None]:
                changed = copy.deepcopy(report)
                target = list(objects(changed))[place]
                if key is None:
                    target["surprise"] = 1
                elif key in OPTIONAL:
                    continue
                else:
                    del target[key]
                self.assertFalse(self.validator.is_valid(changed), f"object {place}, key {key}")

    def test_ids_in_steps_are_those_of_the_finding(self):
        for report in self.reports.values():
            for finding in report["findings"]:
                threads = [thread["id"] for thread in finding["threads"]]
                locks = [lock["id"] for lock in finding["locks"]]
                self.assertEqual(len(set(threads)), len(threads))
                self.assertEqual(len(set(locks)), len(locks))
                for step in finding["steps"] + finding["holders"]:
                    self.assertIn(step["thread"], threads)
                    for hold in step["holds"] + ([step["wants"]] if "wants" in step else []):
                        self.assertIn(hold["lock"], locks)

    def test_what_is_not_seen_names_its_module(self):
        report = copy.deepcopy(self.reports["unseen"])
        for wrong in ("semaphore", "futex", "futex ()"):
            report["coverage"]["unseen"] = [wrong]
            self.assertFalse(self.validator.is_valid(report), wrong)


if __name__ == "__main__":
    check.main()
