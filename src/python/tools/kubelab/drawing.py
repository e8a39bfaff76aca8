"""The course of a rush in the lab as a picture: load, pods and nodes on one time axis."""

from itertools import groupby
from typing import Any

import matplotlib as mpl
import msgspec
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tools.rehearsal.plots import STYLE, svg

SIZE_INCHES = (10.0, 4.6)
# What comes, as far as a course has it; the first where it has nothing else.
LOADS = {"load": "load, cores", "requests": "requests/s", "messages": "messages\nthat wait"}
LINES = {"wanted": "pods wanted by the autoscaler", "ready": "pods available", "nodes": "nodes ready"}


class Sample(msgspec.Struct):
    """What was seen at one moment; `load` in cores, requests per second. The JSON is a list of them."""

    seconds: float
    load: float
    wanted: int
    ready: int
    nodes: int
    phase: str
    requests: float = 0.0
    messages: int = 0


def draw(text: bytes) -> str:
    """Returns the picture as SVG. Errors: msgspec.DecodeError."""
    samples = msgspec.json.decode(text, type=list[Sample])
    with mpl.rc_context(STYLE):
        shown = [name for name in list(LOADS)[1:] if any(getattr(sample, name) for sample in samples)]
        shown = shown or ["load"]
        figure = Figure(figsize=SIZE_INCHES, layout="constrained")
        *loads, counts = figure.subplots(len(shown) + 1, 1, sharex=True, height_ratios=[*[1] * len(shown), 2])
        seconds = [sample.seconds for sample in samples]
        for axes, name in zip(loads, shown, strict=True):
            axes.step(seconds, [getattr(sample, name) for sample in samples], where="post", color="tab:red")
            axes.set(ylabel=LOADS[name], ylim=(0, None))
        for name, label in LINES.items():
            counts.step(seconds, [getattr(sample, name) for sample in samples], where="post", label=label)
        counts.set(xlabel="seconds", ylabel="pods, nodes", ylim=(0, None))
        counts.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
        _phases([*loads, counts], samples)
        return svg(figure)


def _phases(every: list[Axes], samples: list[Sample]) -> None:
    """A line where a phase begins, and its name on top."""
    for phase, part in groupby(samples, key=lambda sample: sample.phase):
        begins = next(part).seconds
        mark: Any = {"color": "grey", "linewidth": 0.8, "linestyle": "--"}
        for axes in every:
            axes.axvline(begins, **mark)
        every[0].annotate(phase, (begins, 1.02), xycoords=("data", "axes fraction"), fontsize=8, rotation=60)
