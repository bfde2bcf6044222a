#!/usr/bin/python3
"""What the writers' tests write in the formats of others is what readers of these formats expect.

SARIF is validated against the standard's schema and by what GitHub's code scanning asks beyond it; JSON Lines against their
own schema, which is strict; JUnit XML by an XML parser and by the elements and attributes that Jenkins, GitLab and GitHub's
reporters know.

Usage: formats_test.py SARIF_TEST JSONL_TEST JUNIT_TEST SARIF_SCHEMA STREAM_SCHEMA REPORT_SCHEMA
"""

import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import xml.etree.ElementTree

import jsonschema

sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402

SARIF_TEST, JSONL_TEST, JUNIT_TEST, SARIF_SCHEMA, STREAM_SCHEMA, REPORT_SCHEMA = sys.argv[1:7]
del sys.argv[1:7]


def written_by(writer, suffix):
    """What the writer's test leaves, by name."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([writer], env=dict(os.environ, REPORTS_DIR=directory), check=True, stdout=subprocess.DEVNULL)
        return {path.name[:-len(suffix)]: path.read_text("utf-8") for path in pathlib.Path(directory).glob("*" + suffix)}


def read(path):
    return json.loads(pathlib.Path(path).read_text("utf-8"))


def objects(value):
    """Every JSON object in value, itself included."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from objects(item)


class SarifTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.reports = {name: json.loads(text) for name, text in written_by(SARIF_TEST, ".sarif").items()}
        cls.validator = jsonschema.Draft4Validator(read(SARIF_SCHEMA), format_checker=jsonschema.FormatChecker())

    def results(self):
        for name, report in self.reports.items():
            for result in report["runs"][0]["results"]:
                yield name, result

    def test_every_report_is_valid(self):
        self.assertEqual(sorted(self.reports), ["crowd", "deadlock", "kinds", "modules", "nothing", "run", "strings"])
        for name, report in self.reports.items():
            errors = [f"{name}: {list(error.absolute_path)}: {error.message}" for error in self.validator.iter_errors(report)]
            self.assertEqual(errors, [])

    def test_the_schema_would_refuse_what_is_wrong(self):
        changed = copy.deepcopy(self.reports["deadlock"])
        changed["runs"][0]["results"][0]["level"] = "fatal"
        self.assertFalse(self.validator.is_valid(changed))

    def test_rules_are_within_the_limits_of_code_scanning(self):
        rules = self.reports["kinds"]["runs"][0]["tool"]["driver"]["rules"]
        self.assertEqual(len({rule["id"] for rule in rules}), len(rules))
        for rule in rules:
            self.assertLessEqual(len(rule["id"]), 255)
            self.assertLessEqual(len(rule["name"]), 255)
            self.assertTrue(0 < len(rule["shortDescription"]["text"]) <= 1024)
            self.assertTrue(0 < len(rule["fullDescription"]["text"]) <= 1024)
            self.assertTrue(rule["help"]["text"] and rule["help"]["markdown"])
            self.assertLessEqual(len(rule["properties"]["tags"]), 10)
            self.assertIn(rule["properties"]["precision"], ("very-high", "high", "medium", "low"))
            self.assertIn(rule["properties"]["problem.severity"], ("error", "warning", "recommendation"))

    def test_results_have_what_code_scanning_needs(self):
        seen = 0
        for name, result in self.results():
            with self.subTest(report=name, result=result["ruleId"]):
                seen += 1
                rules = self.reports[name]["runs"][0]["tool"]["driver"]["rules"]
                self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
                self.assertTrue(result["message"]["text"])
                self.assertEqual(len(result["locations"]), 1)
                self.assertTrue(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
                self.assertRegex(result["partialFingerprints"]["primaryLocationLineHash"], r"^[0-9a-f]{16}:1$")
                self.assertLessEqual(len(result["relatedLocations"]), 100)
                ids = [location["id"] for location in result["relatedLocations"]]
                self.assertEqual(ids, list(range(1, len(ids) + 1)))
                flows = [flow for code in result.get("codeFlows", []) for flow in code["threadFlows"]]
                self.assertLessEqual(sum(len(flow["locations"]) for flow in flows), 1000)
                self.assertEqual(len({flow["id"] for flow in flows}), len(flows))
        self.assertGreater(seen, 20)

    def test_no_two_results_of_a_run_are_taken_for_one(self):
        for name, report in self.reports.items():
            prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in report["runs"][0]["results"]]
            self.assertEqual(len(set(prints)), len(prints), name)

    def test_uris_are_relative_to_a_base_that_is_there_or_absolute(self):
        count = 0
        for report in self.reports.values():
            bases = report["runs"][0]["originalUriBaseIds"]
            for item in objects(report):
                if "artifactLocation" not in item:
                    continue
                count += 1
                uri = urllib.parse.urlsplit(item["artifactLocation"]["uri"])
                if "uriBaseId" in item["artifactLocation"]:
                    self.assertEqual((uri.scheme, uri.netloc), ("", ""))
                    self.assertNotEqual(uri.path[0], "/")
                    self.assertTrue(bases[item["artifactLocation"]["uriBaseId"]]["uri"].endswith("/"))
                else:
                    self.assertEqual((uri.scheme, uri.netloc), ("file", ""))
        self.assertGreater(count, 100)


class JsonLinesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.streams = {name: text.splitlines() for name, text in written_by(JSONL_TEST, ".jsonl").items()}
        cls.schema = read(STREAM_SCHEMA)
        report = read(REPORT_SCHEMA)
        resolver = jsonschema.RefResolver(cls.schema["$id"], cls.schema, store={report["$id"]: report})
        cls.validator = jsonschema.Draft202012Validator(cls.schema, resolver=resolver)

    def test_the_schema_is_one_and_closed(self):
        jsonschema.Draft202012Validator.check_schema(self.schema)
        closed = [item for item in objects(self.schema) if item.get("type") == "object"]
        self.assertGreater(len(closed), 5)
        for item in closed:
            self.assertIs(item["additionalProperties"], False)
            self.assertEqual(sorted(item["required"]), sorted(item["properties"]))

    def test_every_line_is_valid(self):
        self.assertEqual(sorted(self.streams), ["news", "recording", "strings"])
        events = set()
        for name, lines in self.streams.items():
            for line in lines:
                value = json.loads(line)
                events.add(value["event"])
                errors = [f"{name}: {list(error.absolute_path)}: {error.message}" for error in self.validator.iter_errors(value)]
                self.assertEqual(errors, [])
                for key in list(value):
                    self.assertFalse(self.validator.is_valid({other: value[other] for other in value if other != key}))
                self.assertFalse(self.validator.is_valid(dict(value, surprise=1)))
        self.assertEqual(events, {"start", "finding", "revision", "withdrawal", "end"})

    def test_revisions_and_withdrawals_name_what_was_told(self):
        told = set()
        for line in self.streams["news"]:
            value = json.loads(line)
            if value["event"] in ("revision", "withdrawal"):
                earlier = value["replaces" if value["event"] == "revision" else "id"]
                self.assertIn(earlier, told)
                told.remove(earlier)
            if "finding" in value:
                told.add(value["finding"]["id"])
        self.assertEqual(told, {finding["id"] for finding in value["findings"]})


class JunitTest(unittest.TestCase):
    # What the readers know: attributes that must be there, others, elements below.
    ELEMENTS = {
        "testsuites": ({"name", "tests", "failures", "errors", "skipped", "time"}, set(), {"testsuite"}),
        "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time"}, {"timestamp"}, {"testcase", "system-out"}),
        "testcase": ({"classname", "name", "time"}, {"file", "line"}, {"failure", "error", "skipped"}),
        "failure": ({"type", "message"}, set(), set()),
        "error": ({"type", "message"}, set(), set()),
        "skipped": ({"message"}, set(), set()),
        "system-out": (set(), set(), set()),
    }

    @classmethod
    def setUpClass(cls):
        cls.reports = {name: xml.etree.ElementTree.fromstring(text) for name, text in written_by(JUNIT_TEST, ".xml").items()}

    def test_every_report_is_made_of_what_readers_know(self):
        self.assertEqual(sorted(self.reports), ["clean", "findings", "notes", "nothing", "strings"])
        for report in self.reports.values():
            self.assertEqual(report.tag, "testsuites")
            for element in report.iter():
                needed, other, below = self.ELEMENTS[element.tag]
                self.assertLessEqual(needed, set(element.keys()))
                self.assertLessEqual(set(element.keys()), needed | other)
                self.assertLessEqual({child.tag for child in element}, below)

    def test_the_counts_are_those_of_the_cases(self):
        for report in self.reports.values():
            for suite in [report] + report.findall("testsuite"):
                cases = list(suite.iter("testcase"))
                self.assertGreater(len(cases), 0)
                self.assertEqual(int(suite.get("tests")), len(cases))
                for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
                    self.assertEqual(int(suite.get(name)), sum(case.find(tag) is not None for case in cases))

    def test_strings_come_out_as_they_went_in(self):
        failure = self.reports["strings"].find(".//failure")
        self.assertEqual(failure.get("message"), '<&"]]>\\x1b\\xff\n unlocks Bank::lock, which nobody holds')
        self.assertIn('gordian: <&"]]>\\x1b\\xff\\x0a unlocks Bank::lock, which nobody holds\n', failure.text)


if __name__ == "__main__":
    check.main()
