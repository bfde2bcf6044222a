"""Writes the figures into README.md, between two marks: what stands there is what was measured, and nothing else.

    <!-- bench:begin (bench/run --readme writes this) -->
    ...
    <!-- bench:end -->
"""

import re

from bench import bars, table
from bench.measure import BenchError

BEGIN, END = "<!-- bench:begin (bench/run --readme writes this) -->\n", "<!-- bench:end -->\n"

# The rows that README.md shows, of those that were measured.
SHOWN = (r"micro/mutex/threads=1/depth=(0|8|20)", r"micro/mutex/threads=(2|64)/depth=8", r"micro/mutex/threads=0/depth=8",
         r"micro/(two|eight|forty)/threads=1/depth=8", r"micro/random/.*", r"micro/contended/threads=2/depth=8",
         r"micro/(recursive_twice|read|write|spin|semaphore|c11|trylock)/threads=1/depth=8", r"micro/(condition_ping_pong|create_join|make)/.*",
         r"micro/(recursion|alloca|wrappers)/.*variety=1024", r"micro/(lock_guard|virtual)/.*")
TOOLS = {"forwarding": "forwarding preload", "gordian": "gordian", "tsan": "ThreadSanitizer", "helgrind": "Helgrind", "drd": "DRD",
         "dyndd": "dyndd"}


def markdown(rows):
    head, *rest = rows
    return "".join("| " + " | ".join(cells) + " |\n" for cells in (head, ["---"] * len(head), *rest))


def ratio(cell):
    if not cell:
        return ""
    return "failed" if "failed" in cell else f"{cell['ratio']:.2f} x" if cell["ratio"] < 100 else f"{cell['ratio']:,.0f} x"


def micro_table(rows):
    chosen = [row for row in rows if any(re.fullmatch(pattern, row["id"]) for pattern in SHOWN)]
    tools = [tool for tool in TOOLS if any(tool in row["figures"]["pair"]["tools"] for row in chosen)]
    made = [["one pair", "native ns", "gordian ns", *(TOOLS[tool] for tool in tools)]]
    for row in chosen:
        cells = row["figures"]["pair"]["tools"]
        made.append([row["title"], table.plain(cells["native"]["value"]), table.plain(cells["gordian"]["value"]),
                     *(f"**{ratio(cells[tool])}**" if tool == "gordian" else ratio(cells.get(tool)) for tool in tools)])
    return markdown(made)


def applications_table(rows):
    made = [["application", "native", "time", "processor time", "peak memory"]]
    for row in rows:
        if row["id"].startswith("applications/"):
            figures = row["figures"]
            memory = figures["memory"]["tools"]
            made.append([row["title"], f"{table.plain(figures['time']['tools']['native']['value'])} s",
                         *(ratio(figures[name]["tools"]["gordian"]) for name in ("time", "processor")),
                         f"{memory['native']['value']:,.0f} + {memory['gordian']['extra']:,.0f} MB"])
    return markdown(made) if len(made) > 1 else ""


def worst_spread(rows):
    return max((cell.get("ratio_spread_percent", 0) for row in rows for cell in [row["figures"].get("pair", {}).get("tools", {}).get("gordian", {})]),
               default=0)


def section(document):
    """What stands between the marks."""
    rows, machine = document["rows"], document["machine"]
    if not any(row["group"] == "micro" for row in rows):
        raise BenchError("no row of the group micro was measured: there is nothing to write into README.md")
    repetitions = min(row["repetitions"] for row in rows)
    verdicts = [["", "at most", "stretch", "figure", ""], *table.bar_rows(bars.judge_all(rows))]
    return (f"With the exact stacks on, as `bench/run` measured it on {machine['processors']} processors ({machine['cpu']}, Linux {machine['kernel']}): "
            f"medians of at least {repetitions} interleaved repetitions; the middle half of the ratios lay within {worst_spread(rows):.0f} % of them. "
            "bench/README.md says what each row is.\n\n"
            f"{markdown(verdicts)}\n{micro_table(rows)}\n{applications_table(rows)}")


def write(path, document):
    """Put the section into the file there, which has the marks."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BenchError(f"{path} has not the marks {BEGIN.strip()} and {END.strip()}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + begin + section(document) + end + after)
