"""Plots as inline SVG."""

import io
from collections.abc import Iterable, Mapping
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("svg")
from matplotlib.figure import Figure

SIZE_INCHES = (9.0, 3.2)
SHOWN_POINTS = 400
# Text stays text: the page is searchable and small.
STYLE: Any = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
}


def percentile_curve(latencies_seconds: Mapping[str, Iterable[float]]) -> str:
    """Latency by percentile for each kind of request; the axis stretches towards 100%."""
    lines = {}
    for kind, seconds in sorted(latencies_seconds.items()):
        values = np.sort(np.asarray(list(seconds))) * 1000
        if len(values):
            # As many points as can be seen, denser towards the top: one in N is at 1 - 1/N.
            one_in = np.geomspace(1, len(values), min(len(values), SHOWN_POINTS))
            ranks = np.minimum((len(values) * (1 - 1 / one_in)).astype(int), len(values) - 1)
            lines[kind] = (one_in, values[ranks])
    marks = {1: "0%", 2: "50%", 10: "90%", 100: "99%", 1000: "99.9%", 10_000: "99.99%"}
    return _plot(lines, "percentile", "ms", yscale="log", xscale="log", marks=marks)


def _plot(
    lines: Mapping[str, tuple[Any, Any]],
    xlabel: str,
    ylabel: str,
    *,
    xscale: str = "linear",
    yscale: str = "linear",
    marks: Mapping[int, str] | None = None,
) -> str:
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=SIZE_INCHES, layout="constrained")
        axes = figure.subplots()
        for name, (xs, ys) in lines.items():
            axes.plot(xs, ys, label=name, linewidth=1.2)
        axes.set(xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale)
        if yscale == "linear":
            axes.set_ylim(bottom=0)
        else:
            axes.yaxis.set_major_formatter("{x:,g}")
            axes.yaxis.set_minor_formatter("{x:,g}")
        if marks:
            axes.set_xticks(list(marks), list(marks.values()))
            axes.minorticks_off()
        if lines:
            axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
        return svg(figure)


def svg(figure: Figure) -> str:
    """Returns the figure for embedding in a page."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    text = stream.getvalue()
    return text[text.index("<svg") :]
