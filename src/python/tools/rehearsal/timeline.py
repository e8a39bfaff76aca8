"""One time axis: arrivals, accepts, confirmations, latency, memory, and the faults below them."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from tools.rehearsal.plots import STYLE, svg
from tools.rehearsal.series import Series

WIDTH_INCHES = 10.0
PANEL_INCHES = 2.4
LANE_INCHES = 0.17
SHORTEST_MARK_SHARE = 0.004
SHOWN_PROCESSES = 8
LEGEND: Mapping[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1, 1), "frameon": False}
COLOURS = {
    "kill": "tab:red",
    "wipe": "darkred",
    "flush": "darkred",
    "restart": "tab:orange",
    "pause": "tab:purple",
}
PROVIDER_COLOUR = "tab:brown"
# Whose absence everything feels: shaded through all panels.
SHADED = ("postgres", "valkey", "kafka")
RATES = {"accepted": "tab:blue", "confirmed": "tab:green", "cancelled": "tab:purple", "unserved": "tab:red"}

Fault = Mapping[str, Any]
Memory = Mapping[str, Sequence[tuple[float, float]]]


def timeline(series: Series, faults: Sequence[Fault], memory: Memory) -> str:
    """Returns the figure as SVG: a lane for each broken target below, if anything was broken."""
    done = [fault for fault in faults if not fault["skipped"]]
    lanes = sorted({fault["target"] for fault in done})
    lane_inches = [LANE_INCHES * len(lanes) + 0.4] if lanes else []
    heights = [PANEL_INCHES, PANEL_INCHES, *lane_inches, *([PANEL_INCHES] if memory else [])]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_INCHES, sum(heights)), layout="constrained")
        panels = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        _throughput(panels[0], series)
        _latency(panels[1], series)
        if lanes:
            _faults(panels[2], done, lanes, len(series.arrivals))
        if memory:
            _memory(panels[-1], memory)
        for panel in panels:
            _shade(panel, done, len(series.arrivals))
        panels[0].set_xlim(0, len(series.arrivals))
        panels[-1].set_xlabel("seconds (latency: of the intended send time)")
        return svg(figure)


def memory_of(processes: Sequence[Mapping[str, Any]]) -> Memory:
    """Returns what each process had when; of those with the most, and only where it was not started again."""
    whole = [process for process in processes if process["memory"] and not process["restarts"]]
    largest = sorted(whole, key=lambda process: -process["peak_rss_mib"])[:SHOWN_PROCESSES]
    return {process["name"]: process["memory"] for process in largest}


def _throughput(axes: Axes, series: Series) -> None:
    seconds = range(len(series.arrivals))
    axes.fill_between(seconds, series.arrivals, color="0.85", linewidth=0, label="arrivals")
    for name, colour in RATES.items():
        values = getattr(series, name)
        if any(values):
            axes.plot(seconds, values, label=name, color=colour, linewidth=1.1)
    axes.set(ylabel="per second")
    axes.set_ylim(bottom=0)
    axes.legend(**LEGEND)


def _latency(axes: Axes, series: Series) -> None:
    seconds = range(len(series.arrivals))
    p50, p99, longest = (
        [np.nan if value is None else value for value in values]
        for values in (series.p50_ms, series.p99_ms, series.max_ms)
    )
    axes.fill_between(seconds, p50, longest, color="tab:blue", alpha=0.15, linewidth=0, label="p50 to max")
    axes.plot(seconds, p50, label="p50", color="tab:blue", linewidth=1.1)
    axes.plot(seconds, p99, label="p99", color="tab:orange", linewidth=1.1)
    axes.set(ylabel="accept latency, ms", yscale="log")
    axes.yaxis.set_major_formatter("{x:,g}")
    # Between the powers of ten only where the whole range is narrow: else they lie upon each other.
    axes.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.5)))
    axes.legend(**LEGEND)


def _memory(axes: Axes, memory: Memory) -> None:
    for name, looks in memory.items():
        axes.plot([at for at, _ in looks], [mib for _, mib in looks], label=name, linewidth=1.1)
    axes.set(ylabel="memory, MiB")
    axes.set_ylim(bottom=0)
    axes.legend(**LEGEND)


def _faults(axes: Axes, faults: Sequence[Fault], lanes: Sequence[str], whole_seconds: int) -> None:
    shown: set[str] = set()
    for fault in faults:
        colour = COLOURS.get(fault["kind"], PROVIDER_COLOUR)
        label = fault["kind"] if fault["kind"] in COLOURS else "provider's behaviour"
        length = max(_end(fault, whole_seconds) - fault["began_seconds"], whole_seconds * SHORTEST_MARK_SHARE)
        axes.barh(
            lanes.index(fault["target"]),
            length,
            left=fault["began_seconds"],
            height=0.7,
            color=colour,
            label=None if label in shown else label,
        )
        shown.add(label)
    axes.set_yticks(range(len(lanes)), lanes)
    axes.invert_yaxis()
    axes.legend(**LEGEND)


def _shade(axes: Axes, faults: Sequence[Fault], whole_seconds: int) -> None:
    for fault in faults:
        if fault["target"] in SHADED:
            colour = COLOURS[fault["kind"]]
            axes.axvspan(
                fault["began_seconds"], _end(fault, whole_seconds), color=colour, alpha=0.08, linewidth=0
            )


def _end(fault: Fault, whole_seconds: int) -> float:
    return float(whole_seconds if fault["ended_seconds"] is None else fault["ended_seconds"])
