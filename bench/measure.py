"""Interleaved repetitions, and what is made of them: medians, ratios to native in the same repetition, spreads.

A repetition runs each tool once, one right after the other, so that a slow moment of the machine meets all of them. A ratio
is the median of the ratios of the repetitions, not the ratio of the medians.
"""

import statistics

NATIVE = "native"
BYTES = "B"  # for each of something that the native program has none of
SLOW_REPETITIONS = 3  # of a tool that takes hundreds of times as long


class BenchError(Exception):
    """A run that measured nothing, or not what it should."""


def interleave(tools, repetitions, run):
    """Call `run(tool)`, which returns figures by name, for each tool in each repetition. A peer may fail: others may not.

    Returns (samples: tool -> figure -> list with a number or None for each repetition, failures: tool -> text)."""
    samples, failures = {tool.name: {} for tool in tools}, {}
    for repetition in range(repetitions):
        for tool in tools:
            if tool.slow and repetition >= SLOW_REPETITIONS:
                continue
            try:
                figures = run(tool)
            except BenchError as error:
                if not tool.peer:
                    raise
                failures[tool.name] = str(error)
                continue
            for name, value in figures.items():
                samples[tool.name].setdefault(name, [None] * repetitions)[repetition] = value
    return samples, failures


def spread_percent(values):
    """The middle half of the values in percent of their median; all of them when there are fewer than four."""
    median = statistics.median(values)
    if not median:
        return 0.0
    if len(values) < 4:
        return 100 * (max(values) - min(values)) / abs(median)
    low, _, high = statistics.quantiles(values, n=4)
    return 100 * (high - low) / abs(median)


def cell(values, native, ratio=True):
    """One tool's part of a figure. `native` has native's values in the same repetitions, or is None; `ratio` says whether the ratio
    to them means anything."""
    known = [value for value in values if value is not None]
    made = {"value": statistics.median(known), "spread_percent": round(spread_percent(known), 1)}
    pairs = [(value, base) for value, base in zip(values, native or []) if value is not None and base is not None]
    if pairs:
        made["extra"] = statistics.median(value - base for value, base in pairs)
        if ratio and all(base > 0 for _, base in pairs):
            ratios = [value / base for value, base in pairs]
            made["ratio"] = statistics.median(ratios)
            made["ratio_spread_percent"] = round(spread_percent(ratios), 1)
    return {name: round(value, 6) for name, value in made.items()}


def figures(samples, failures, units):
    """Everything that is known of a row: figure -> {"unit", "tools": tool -> cell or {"failed": text}}."""
    made = {}
    for name, unit in units.items():
        native = samples.get(NATIVE, {}).get(name)
        tools = {tool: cell(by_figure[name], native, unit != BYTES) for tool, by_figure in samples.items() if name in by_figure}
        tools.update({tool: {"failed": text} for tool, text in failures.items() if tool not in tools})
        if tools:
            made[name] = {"unit": unit, "tools": tools}
    return made


def measure(tools, repetitions, run, units):
    """Interleave, and return the row's figures."""
    samples, failures = interleave(tools, repetitions, run)
    return figures(samples, failures, units)
