"""The bars that gordian must reach, written down in bars.json, and how far the results reach them.

A bar is about one figure of one row (or of all rows that a pattern names, combined): "ratio" to native, "extra" over native, or the
"value" itself, of gordian (with its "unit"). "relative_to" divides it by that of another row. It is met when it is not above the bar; the stretch
is what we would like to have besides.
"""

import dataclasses
import fnmatch
import json
import math
import os
import statistics

MISSED, REACHED, STRETCH, UNKNOWN = "missed", "reached", "stretch", "not measured"
TOOLS = ("gordian", "detector")  # the one that a figure is about


@dataclasses.dataclass(frozen=True)
class Verdict:
    what: str
    verdict: str
    figure: float
    unit: str  # "x", "", or that of the figure
    bar: float
    stretch: float  # or None
    rows: int  # how many had the figure


def load():
    with open(os.path.join(os.path.dirname(os.path.realpath(__file__)), "bars.json"), encoding="utf-8") as file:
        return json.load(file)


def number(row, bar):
    """The bar's number in this row, or None."""
    cells = row["figures"].get(bar["figure"], {}).get("tools", {})
    return next((cells[tool][bar["of"]] for tool in TOOLS if bar["of"] in cells.get(tool, {})), None)


def exponent(points):
    """The slope of the line through the logarithms: 0 when y does not depend on x, 1 when it grows as x does."""
    points = [(math.log(x), math.log(y)) for x, y in points if x and x > 0 and y > 0]
    if len({x for x, _ in points}) < 2:
        return None
    return statistics.linear_regression(*zip(*points)).slope


def combine(bar, found):
    values = [value for _, value in found]
    if not values:
        return None
    if bar.get("combine") == "geometric mean":
        return statistics.geometric_mean(values)
    if bar.get("combine") == "exponent":
        return exponent(found)
    return max(values)


def judge(bar, rows):
    """The Verdict on one bar."""
    found = [(row.get("size"), number(row, bar)) for row in rows if fnmatch.fnmatchcase(row["id"], bar["rows"])]
    found = [(size, value) for size, value in found if value is not None]
    figure = combine(bar, found)
    if "relative_to" in bar and figure is not None:
        base = [number(row, bar) for row in rows if row["id"] == bar["relative_to"]]
        figure = figure / base[0] if base and base[0] else None
    unit = bar.get("unit", "" if bar.get("combine") == "exponent" else "x")
    if bar["of"] == "extra":
        unit += " more"
    stretch = bar.get("stretch")
    if figure is None:
        verdict = UNKNOWN
    elif stretch is not None and figure <= stretch:
        verdict = STRETCH
    else:
        verdict = REACHED if figure <= bar["bar"] else MISSED
    return Verdict(bar["what"], verdict, figure, unit, bar["bar"], stretch, len(found))


def judge_all(rows):
    return [judge(bar, rows) for bar in load()]
