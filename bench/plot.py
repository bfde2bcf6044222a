"""The results as plots, drawn by gnuplot as SVG files. A plot whose rows were not measured is not drawn."""

import fnmatch
import os
import shutil
import subprocess

from bench.measure import BenchError

DEPTH = "calls between the loop and the lock"
TOOLS = ("native", "forwarding", "gordian", "tsan")

# File, title, axes, logarithmic axes, and the lines: (name, pattern of rows, figure, tool, what).
LINES = [
    ("depth", "One pair, by call depth", DEPTH, "ns per pair", "",
     [(tool, "micro/mutex/threads=1/depth=*", "pair", tool, "value") for tool in TOOLS[:3]]),
    ("threads", "One pair at depth 8, by threads with locks of their own", "threads", "ratio to native", "x",
     [(tool, "micro/mutex/threads=[1-9]*/depth=8", "pair", tool, "ratio") for tool in TOOLS[1:]]),
    ("locks", "One pair at depth 8, by locks that are taken at random", "locks", "ns per pair", "xy",
     [(tool, "micro/random/*", "pair", tool, "value") for tool in TOOLS]),
    ("dependencies", "A new dependency in the lock-order graph", "dependencies", "ns of processor time", "xy",
     [(order, f"graph/{order}/*", "dependency", "detector", "value") for order in ("ordered", "random", "adversarial", "unordered")]),
    ("recording", "Report from a recording", "dependencies", "ms", "xy",
     [("gordian report", "graph/recording/*", "report", "gordian", "value")]),
]

# File, title, pattern of rows, figure: bars of gordian's ratio to native.
BARS = [
    ("primitives", "A pair of each primitive at depth 8: ratio to native", "micro/*/threads=1/depth=8", "pair"),
    ("applications", "Applications: time, ratio to native", "applications/*", "time"),
]

HEAD = """set terminal svg size 760,440 dynamic enhanced font "sans-serif,13" background "#ffffff"
set output {output}
set title {title}
set grid
"""


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def depth_of(row):
    return int(row["id"].partition("depth=")[2].partition("/")[0])


def points(rows, pattern, figure, tool, what, over):
    found = [(over(row), row["figures"][figure]["tools"].get(tool, {}).get(what)) for row in rows
             if fnmatch.fnmatchcase(row["id"], pattern) and figure in row["figures"]]
    return sorted((x, y) for x, y in found if x is not None and y is not None)


def line_script(output, rows, title, x_label, y_label, logarithmic, lines):
    """The gnuplot script of a plot of lines; None when there is nothing to draw."""
    over = depth_of if x_label == DEPTH else lambda row: row["size"]
    drawn = [(name, points(rows, pattern, figure, tool, what, over)) for name, pattern, figure, tool, what in lines]
    drawn = [(name, found) for name, found in drawn if len(found) > 1]
    if not drawn:
        return None
    script = HEAD.format(output=quoted(output), title=quoted(title)) + f"set xlabel {quoted(x_label)}\nset ylabel {quoted(y_label)}\n"
    script += f"set logscale {logarithmic}\n" if logarithmic else ""
    script += "" if "y" in logarithmic else "set yrange [0:*]\n"
    for n, (_, found) in enumerate(drawn):
        script += f"$line{n} << EOD\n" + "".join(f"{x} {y}\n" for x, y in found) + "EOD\n"
    return script + "plot " + ", ".join(f"$line{n} with linespoints linewidth 2 title {quoted(name)}"
                                        for n, (name, _) in enumerate(drawn)) + "\n"


def bar_script(output, rows, title, pattern, figure):
    """The gnuplot script of a plot of bars; None when there is nothing to draw."""
    found = []
    for row in rows:
        ratio = row["figures"].get(figure, {}).get("tools", {}).get("gordian", {}).get("ratio")
        if fnmatch.fnmatchcase(row["id"], pattern) and ratio is not None:
            found.append((row["title"].partition(", 1 thread")[0], ratio))
    if not found:
        return None
    script = HEAD.format(output=quoted(output), title=quoted(title))
    script += "set style fill solid 0.7\nset boxwidth 0.7\nset yrange [0:*]\nset xtics rotate by -40 noenhanced\nset ylabel \"ratio to native\"\n"
    script += "$bars << EOD\n" + "".join(f"{n} {ratio} {quoted(name)}\n" for n, (name, ratio) in enumerate(found)) + "EOD\n"
    return script + 'plot $bars using 1:2:xtic(3) with boxes notitle, 1 with lines dashtype 2 title "native"\n'


def scripts(rows, folder):
    """All plots that the rows are enough for: file -> gnuplot script."""
    made = {}
    for name, *rest in LINES:
        path = os.path.join(folder, name + ".svg")
        made[path] = line_script(path, rows, *rest)
    for name, *rest in BARS:
        path = os.path.join(folder, name + ".svg")
        made[path] = bar_script(path, rows, *rest)
    return {path: script for path, script in made.items() if script}


def draw(rows, folder):
    """Draw them. Returns the files; none where gnuplot is not installed."""
    gnuplot = shutil.which("gnuplot")
    made = scripts(rows, folder) if gnuplot else {}
    for path, script in made.items():
        done = subprocess.run([gnuplot], input=script, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise BenchError(f"gnuplot could not draw {path}: {done.stderr.strip()}")
    return list(made)
