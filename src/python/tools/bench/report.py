"""The bench's report: medians over the rounds with their spread, as a table and as JSON."""

import json
import platform
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psutil

from tools.bench.accept import AcceptFigures
from tools.bench.flags import Flags
from tools.bench.rounds import HOT, MANY, REFERENCE, Round
from tools.bench.step import Figures
from tools.rehearsal.table import columns


@dataclass(frozen=True)
class Measure:
    """One line of the table: a figure of each round, or a ratio of two figures of the same round."""

    what: str
    values: list[float]
    unit: str = ""
    target: str = ""

    @property
    def median(self) -> float:
        """The middle one of the rounds."""
        return statistics.median(self.values)

    def cells(self) -> list[str]:
        """What, median, spread, how many values, target."""
        spread = f"{_short(min(self.values))} to {_short(max(self.values))}"
        return [self.what, f"{_short(self.median)}{self.unit}", spread, str(len(self.values)), self.target]


def measures(rounds: Sequence[Round]) -> list[Measure]:
    """Returns all that the rounds have figures for."""
    found = [measure for name in (REFERENCE, HOT, MANY) for measure in _climbs(rounds, name)]
    found += [
        _ratio(rounds, "Seawall / reference, confirmed per second", HOT, REFERENCE, _confirmed, ">= 10x"),
        _ratio(rounds, "Seawall / reference, the same to the end", HOT, REFERENCE, _to_the_end),
        _ratio(rounds, "reference / Seawall, CPU per order", REFERENCE, HOT, _cpu),
        _ratio(rounds, "1 SKU / many SKUs, confirmed per second", HOT, MANY, _confirmed, ">= 0.9x"),
        _ratio(rounds, "many SKUs / 1 SKU, CPU per order", MANY, HOT, _cpu),
        *_accepts(rounds),
    ]
    return [measure for measure in found if measure.values]


def highest_held(steps: Sequence[Figures]) -> Figures | None:
    """The step with the highest rate that was held."""
    return max((step for step in steps if step.held), key=lambda step: step.offered, default=None)


def as_table(rounds: Sequence[Round]) -> str:
    """Returns the table as text."""
    rows = [measure.cells() for measure in measures(rounds)]
    table = columns(["measure", "median", "min to max", "values", "target"], rows)
    return "\n".join([table, *_unfinished(rounds)])


def as_json(rounds: Sequence[Round], flags: Flags) -> dict[str, Any]:
    """Returns every step of every round, and the table's figures."""
    return {
        "measured_at": datetime.now(UTC).isoformat(),
        "machine": f"{psutil.cpu_count()} cores, {platform.machine()}, {platform.system()}, "
        f"Python {platform.python_version()}",
        "flags": {name: str(v) if isinstance(v, Path) else v for name, v in vars(flags).items()},
        "measures": [{**asdict(measure), "median": measure.median} for measure in measures(rounds)],
        "rounds": [asdict(this) for this in rounds],
    }


def write(rounds: Sequence[Round], flags: Flags) -> Path:
    """Writes the JSON into the report folder, and returns its path."""
    report = as_json(rounds, flags)
    flags.report_dir.mkdir(parents=True, exist_ok=True)
    path = flags.report_dir / f"bench-{report['measured_at'][:19].replace(':', '')}.json"
    path.write_bytes(msgspec.json.format(json.dumps(report).encode(), indent=2))
    return path


def _climbs(rounds: Sequence[Round], name: str) -> list[Measure]:
    climbs = [this.climbs[name] for this in rounds if this.climbs.get(name)]
    held = [step for steps in climbs if (step := highest_held(steps))]
    return [
        Measure(f"{name}: confirmed per second, at most", [_confirmed(s) for s in climbs], "/s"),
        Measure(f"{name}: the same to the last confirmation", [_to_the_end(s) for s in climbs], "/s"),
        Measure(f"{name}: highest rate held", [step.offered for step in held], "/s"),
        Measure(f"{name}: answer p99 at that rate", [step.answer_p99_ms for step in held], " ms"),
        Measure(f"{name}: to confirmed p50 at that rate", [step.confirm_p50_ms for step in held], " ms"),
        Measure(f"{name}: to confirmed p99 at that rate", [step.confirm_p99_ms for step in held], " ms"),
        Measure(f"{name}: CPU per order, at least", [_cpu(steps) for steps in climbs], " ms"),
        Measure(f"{name}: cores used by others", [step.others_cores for s in climbs for step in s]),
    ]


def _unfinished(rounds: Sequence[Round]) -> list[str]:
    """A climb that --steps or the time ended has not shown the system's limit."""
    cut = Counter(
        name
        for this in rounds
        for name, steps in this.climbs.items()
        if steps and all(step.held for step in steps)
    )
    return [
        f"{name}: in {count} of {len(rounds)} rounds the limit was not reached; its rates are lower bounds"
        for name, count in cut.items()
    ]


def _ratio(
    rounds: Sequence[Round],
    what: str,
    above: str,
    below: str,
    figure: Callable[[Sequence[Figures]], float],
    target: str = "",
) -> Measure:
    pairs = [(this.climbs.get(above), this.climbs.get(below)) for this in rounds]
    both = [(figure(over), figure(under)) for over, under in pairs if over and under]
    return Measure(what, [over / under for over, under in both if under], "x", target)


def _confirmed(steps: Sequence[Figures]) -> float:
    return max(step.confirmed for step in steps)


def _to_the_end(steps: Sequence[Figures]) -> float:
    return max(step.confirmed_to_the_end for step in steps)


def _cpu(steps: Sequence[Figures]) -> float:
    """Of the step that needed the least: what a process needs while it waits counts for little there."""
    return min((step.cpu_ms_per_order for step in steps if step.orders), default=0.0)


def _accepts(rounds: Sequence[Round]) -> list[Measure]:
    found = [this.accept for this in rounds if this.accept]

    def each(figure: Callable[[AcceptFigures], float]) -> list[float]:
        return [figure(accept) for accept in found]

    return [
        Measure("accept: rate, half of the highest held", each(lambda a: a.rate), "/s"),
        Measure("accept: bare aiohttp p99", each(lambda a: a.bare_p99_ms), " ms"),
        Measure("accept: Seawall p99", each(lambda a: a.ours_p99_ms), " ms"),
        Measure("accept: Seawall p99, provider of 5 s", each(lambda a: a.slow_p99_ms), " ms"),
        Measure("accept: Seawall / bare, p99", _over_bare(found), "x", "<= 10x"),
        Measure("accept: provider of 5 s / usual, p99", _flat(found), "x", "about 1x"),
    ]


def _over_bare(found: Sequence[AcceptFigures]) -> list[float]:
    return [accept.ours_p99_ms / accept.bare_p99_ms for accept in found if accept.bare_p99_ms]


def _flat(found: Sequence[AcceptFigures]) -> list[float]:
    return [accept.slow_p99_ms / accept.ours_p99_ms for accept in found if accept.ours_p99_ms]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
