"""The report: medians over the rounds with their spread, as a table and as JSON."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from tools.libbench.comparison import Beside
from tools.libbench.rounds import OURS, Result
from tools.rehearsal.table import columns

HEAD = ["lib", "what", "contender", "us each", "min to max", "ours beside it", "min to max", "target"]


def as_table(results: Sequence[Result]) -> str:
    """Returns the table as text: a row for each contender, ours first."""
    rows = [row for result in results for row in _rows(result)]
    return columns(HEAD, rows)


def as_json(results: Sequence[Result], rounds: int) -> dict[str, Any]:
    """Returns every value of every round, and what the table says."""
    return {
        "measured_at": datetime.now(UTC).isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "rounds": rounds,
        "results": [_entry(result) for result in results],
    }


def write(results: Sequence[Result], rounds: int, path: Path) -> None:
    """Writes the JSON. Errors: OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(json.dumps(as_json(results, rounds)).encode(), indent=2))


def beside(result: Result, other: str) -> list[float]:
    """Ours beside another contender, in each round."""
    pairs = zip(result.microseconds[OURS], result.microseconds[other], strict=True)
    if result.comparison.beside is Beside.ADDED:
        return [ours - theirs for ours, theirs in pairs]
    return [theirs / ours for ours, theirs in pairs]


def _rows(result: Result) -> list[list[str]]:
    named = [result.lib, result.comparison.what]
    rows = []
    for name, values in result.microseconds.items():
        compared = ["", ""] if name == OURS else _compared(result, name)
        target = result.comparison.target if name == OURS else ""
        rows.append([*named, name, *_spread(values), *compared, target])
        named = ["", ""]
    return rows


def _compared(result: Result, other: str) -> list[str]:
    values = beside(result, other)
    if result.comparison.beside is Beside.ADDED:
        return _spread(values, "{:+.2f} us")
    return _spread(values, "{:.2f}x")


def _spread(values: Sequence[float], form: str = "{:,.2f}") -> list[str]:
    low, high = form.format(min(values)), form.format(max(values))
    return [form.format(statistics.median(values)), f"{low} to {high}"]


def _entry(result: Result) -> dict[str, Any]:
    others = [name for name in result.microseconds if name != OURS]
    return {
        "lib": result.lib,
        "what": result.comparison.what,
        "target": result.comparison.target,
        "beside": result.comparison.beside.value,
        "microseconds": result.microseconds,
        "median_microseconds": {n: statistics.median(v) for n, v in result.microseconds.items()},
        "median_beside": {name: statistics.median(beside(result, name)) for name in others},
    }
