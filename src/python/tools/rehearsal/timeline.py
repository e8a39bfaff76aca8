"""One time axis: arrivals, accepts, confirmations, latency, and the faults as marks."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from tools.rehearsal.plots import STYLE, svg
from tools.rehearsal.series import Series

WIDTH_INCHES = 9.0
PANEL_INCHES = 2.6
LANE_INCHES = 0.17
SHORTEST_MARK_SHARE = 0.004
COLOURS = {
    "kill": "tab:red",
    "wipe": "darkred",
    "flush": "darkred",
    "restart": "tab:orange",
    "pause": "tab:purple",
}
PROVIDER_COLOUR = "tab:brown"


def timeline(series: Series, faults: Sequence[Mapping[str, Any]]) -> str:
    """Returns the figure as SVG: a lane for each broken target below, if anything was broken."""
    done = [fault for fault in faults if not fault["skipped"]]
    lanes = sorted({fault["target"] for fault in done})
    heights = [PANEL_INCHES, PANEL_INCHES, *([LANE_INCHES * len(lanes) + 0.4] if lanes else [])]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_INCHES, sum(heights)), layout="constrained")
        panels = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        _throughput(panels[0], series)
        _latency(panels[1], series)
        if lanes:
            _faults(panels[2], done, lanes, len(series.arrivals))
            for panel in panels[:2]:
                _marks(panel, done)
        panels[-1].set_xlabel("seconds (latency: of the intended send time)")
        return svg(figure)


def _throughput(axes: Axes, series: Series) -> None:
    seconds = range(len(series.arrivals))
    for name in ("arrivals", "accepted", "confirmed", "cancelled"):
        axes.plot(seconds, getattr(series, name), label=name, linewidth=1.2)
    axes.set(ylabel="per second")
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def _latency(axes: Axes, series: Series) -> None:
    seconds = range(len(series.arrivals))
    for name, values in (("p50", series.p50_ms), ("p99", series.p99_ms), ("max", series.max_ms)):
        axes.plot(seconds, [np.nan if v is None else v for v in values], label=name, linewidth=1.2)
    axes.set(ylabel="accept latency, ms", yscale="log")
    axes.yaxis.set_major_formatter("{x:,g}")
    # Between the powers of ten only where the whole range is narrow: else they lie upon each other.
    axes.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.5)))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def _faults(
    axes: Axes, faults: Sequence[Mapping[str, Any]], lanes: Sequence[str], whole_seconds: int
) -> None:
    shown: set[str] = set()
    for fault in faults:
        colour = COLOURS.get(fault["kind"], PROVIDER_COLOUR)
        label = fault["kind"] if fault["kind"] in COLOURS else "provider's behaviour"
        ended = fault["ended_seconds"] if fault["ended_seconds"] is not None else whole_seconds
        length = max(ended - fault["began_seconds"], whole_seconds * SHORTEST_MARK_SHARE)
        lane = lanes.index(fault["target"])
        axes.barh(
            lane,
            length,
            left=fault["began_seconds"],
            height=0.7,
            color=colour,
            label=None if label in shown else label,
        )
        shown.add(label)
    axes.set_yticks(range(len(lanes)), lanes)
    axes.invert_yaxis()
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def _marks(axes: Axes, faults: Sequence[Mapping[str, Any]]) -> None:
    """A thin line where each fault began."""
    for fault in faults:
        colour = COLOURS.get(fault["kind"], PROVIDER_COLOUR)
        axes.axvline(fault["began_seconds"], color=colour, linewidth=0.6, alpha=0.5)
