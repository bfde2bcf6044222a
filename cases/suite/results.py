"""What a run of the suite gave, and its writers: a table for people, JSON for programs, a page to look at."""

import difflib
import html
import json

from suite.tools import FALSE_ALARM, FOUND, MISSED, SILENCE, TOO_SLOW, WRONG

SCHEMA = "gordian-suite/1"
NOT_RUN = "-"


class Results:
    """pairs: collection.Pair; tools: (name, version); judgements: by (case path, tool name)."""

    def __init__(self, pairs, tools, seconds=0.0):
        self.pairs = pairs
        self.tools = tools
        self.seconds = seconds
        self.judgements = {}

    def twins(self):
        for pair in self.pairs:
            for twin in ("buggy", "fixed"):
                if pair.twins[twin]:
                    yield pair, pair.twins[twin]

    def verdict(self, case, tool):
        judgement = self.judgements.get((case.path, tool))
        return judgement.verdict if judgement else NOT_RUN

    def wrong(self):
        """Everything that is wrong, each line with file and line."""
        lines = [line for pair in self.pairs for line in pair.wrong]
        return lines + [line for judgement in self.judgements.values() for line in judgement.wrong]

    def passed(self):
        return sum(not judgement.wrong for judgement in self.judgements.values())

    def failed(self):
        return sum(bool(judgement.wrong) for judgement in self.judgements.values()) + sum(len(pair.wrong) for pair in self.pairs)

    def totals(self, tool):
        """How often each verdict was given."""
        verdicts = [judgement.verdict for (_, name), judgement in self.judgements.items() if name == tool]
        return {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))}

    def score(self, tool):
        """In words: what it found, and where it cried wolf."""
        totals = self.totals(tool)
        buggy, fixed = (sum(totals.get(v, 0) for v in verdicts) for verdicts in ((FOUND, MISSED), (FALSE_ALARM, SILENCE)))
        wrong, slow = totals.get(WRONG, 0), totals.get(TOO_SLOW, 0)
        return (f"found {totals.get(FOUND, 0)} of {buggy}, {totals.get(FALSE_ALARM, 0)} false alarms in {fixed}"
                + (f", {wrong} not as expected" if wrong else "") + (f", {slow} too slow to tell" if slow else ""))


def as_table(results):
    """One row for each twin, the tools side by side."""
    names = [name for name, _ in results.tools]
    rows = [["case", "twin", *names]]
    last = None
    for pair, case in results.twins():
        rows.append([pair.title() if pair is not last else "", case.twin, *(results.verdict(case, name) for name in names)])
        last = pair
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    lines.append("")
    lines += [f"{name} ({version}): {results.score(name)}" for name, version in results.tools if name != "native"]
    return "\n".join(lines) + "\n"


def as_json(results):
    cases = []
    for pair, case in results.twins():
        tools = {}
        for name, _ in results.tools:
            judgement = results.judgements.get((case.path, name))
            if judgement:
                tools[name] = {"verdict": judgement.verdict, "findings": [str(f) for f in judgement.found],
                               "wrong": judgement.wrong, "duration_s": round(judgement.seconds, 3)}
        cases.append({"name": pair.name, "topic": pair.topic, "twin": case.twin, "file": case.shown, "tools": tools})
    return json.dumps({
        "schema": SCHEMA,
        "tools": {name: version for name, version in results.tools},
        "duration_s": round(results.seconds, 3),
        "cases": cases,
        "wrong": [line for pair in results.pairs for line in pair.wrong],
        "passed": results.passed(),
        "failed": results.failed(),
    }, indent=2, ensure_ascii=True) + "\n"


STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #cf222e; --dim: #777; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #ff7b72; --dim: #999; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); }
th { position: sticky; top: 0; background: Canvas; } td.twin { color: var(--dim); } tr.fixed td { border-bottom-width: 2px; }
.found, .correct-silence { color: var(--good); } .missed { color: var(--dim); } .false-alarm, .wrong { color: var(--bad); font-weight: 600; }
input { font: inherit; padding: .3rem .6rem; width: 20rem; max-width: 100%; margin-bottom: 1rem; }
pre { overflow-x: auto; padding: .8rem; border: 1px solid var(--line); border-radius: 6px; font-size: 13px; line-height: 1.4; }
pre .add { color: var(--good); } pre .del { color: var(--bad); } summary { cursor: pointer; }
"""
SCRIPT = """
const filter = document.getElementById("filter");
filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const body of document.querySelectorAll("tbody"))
    body.hidden = !words.every(word => body.textContent.toLowerCase().includes(word));
});
"""


def as_page(results):
    """One self-contained page: the table, and under each pair its story and what the twins differ in."""
    names = [name for name, _ in results.tools]
    scores = "".join(f"<li><b>{html.escape(name)}</b> ({html.escape(str(version))}): {html.escape(results.score(name))}</li>"
                     for name, version in results.tools if name != "native")
    head = "".join(f"<th>{html.escape(name)}</th>" for name in ("case", "twin", *names))
    bodies = "".join(_body(results, pair, names) for pair in results.pairs)
    wrong = "".join(html.escape(line) + "\n" for line in results.wrong())
    if wrong:
        wrong = f"<h2>Not as expected</h2><pre>{wrong}</pre>"
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>gordian suite</title>
<style>{STYLE}</style></head><body><h1>gordian suite</h1>
<p>{results.passed()} as expected, {results.failed()} not.</p><ul>{scores}</ul>{wrong}
<input id="filter" type="search" placeholder="Filter: a name, a topic, a verdict" aria-label="Filter">
<table><thead><tr>{head}</tr></thead>{bodies}</table><script>{SCRIPT}</script></body></html>
"""


def _body(results, pair, names):
    rows = ""
    for twin in ("buggy", "fixed"):
        case = pair.twins[twin]
        if not case:
            continue
        verdicts = "".join(f'<td class="{verdict.replace(" ", "-")}">{verdict}</td>'
                           for verdict in (results.verdict(case, name) for name in names))
        title = f"<details><summary>{html.escape(pair.title())}</summary>{_lesson(pair)}</details>" if twin == "buggy" else ""
        rows += f'<tr class="{twin}"><td>{title}</td><td class="twin">{twin}</td>{verdicts}</tr>'
    return f"<tbody>{rows}</tbody>"


def _lesson(pair):
    """What turns the buggy twin into the fixed one."""
    texts = []
    for twin in ("buggy", "fixed"):
        case = pair.twins[twin]
        if not case:
            return ""
        with open(case.path, encoding="utf-8", errors="replace") as file:
            texts.append(file.read().splitlines())
    lines = []
    for line in difflib.unified_diff(*texts, "buggy", "fixed", n=3, lineterm=""):
        kind = {"+": "add", "-": "del"}.get(line[:1], "same")
        lines.append(f'<span class="{kind}">{html.escape(line)}</span>')
    return f"<pre>{chr(10).join(lines)}</pre>"
