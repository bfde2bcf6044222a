"""The results as text: a line for each figure, and the bars."""

WIDTH = 46  # of the titles


def plain(value):
    """A number with about four digits."""
    if value is None:
        return "-"
    if abs(value) >= 10_000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def tool_text(name, cell):
    if "failed" in cell:
        return f"{name} failed"
    ratio = f" = {cell['ratio']:.2f} x" if "ratio" in cell and name != "native" else ""
    spread = cell.get("ratio_spread_percent", cell["spread_percent"]) if name != "native" else cell["spread_percent"]
    return f"{name} {plain(cell['value'])}{ratio} ±{spread:.0f}%"


def lines(row):
    """A line for each figure of the row."""
    made = []
    for n, (name, figure) in enumerate(row["figures"].items()):
        title = row["title"] if n == 0 else ""
        tools = "  ".join(tool_text(tool, cell) for tool, cell in figure["tools"].items())
        made.append(f"{title:<{WIDTH}} {name:>12} {figure['unit']:>6}  {tools}")
    return made


def bar_rows(verdicts):
    """The bars as cells: what, bar, stretch, figure, verdict."""
    made = []
    for one in verdicts:
        unit = f" {one.unit}" if one.unit else ""
        made.append((one.what, f"{one.bar:g}{unit}", f"{one.stretch:g}{unit}" if one.stretch is not None else "",
                     f"{plain(one.figure)}{unit}" if one.figure is not None else "", one.verdict))
    return made


def bars(verdicts):
    """The bars as text."""
    rows = [("bar", "at most", "stretch", "figure", ""), *bar_rows(verdicts)]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return "\n".join(f"{row[0]:<{widths[0]}}  " + "".join(f"{cell:>{width}}  " for cell, width in zip(row[1:4], widths[1:])) + row[4]
                     for row in rows)
