"""The report: figures as JSON, and one self-contained page with plots."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import msgspec

from tools.rehearsal.chaos.faults import Entry
from tools.rehearsal.invariants import Verdict
from tools.rehearsal.memory import grew, growth_mib
from tools.rehearsal.plots import percentile_curve
from tools.rehearsal.processes import Usage
from tools.rehearsal.recorder import Recorder, percentiles_ms
from tools.rehearsal.recovery import recovery_seconds
from tools.rehearsal.run import Rehearsal
from tools.rehearsal.series import Series, series_of
from tools.rehearsal.snapshot import Order
from tools.rehearsal.timeline import memory_of, timeline

SHOWN_VIOLATIONS = 100


def figures(rehearsal: Rehearsal, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Returns all figures of a run, ready for JSON. Times are in milliseconds, rates per second."""
    flags = {name: str(v) if isinstance(v, Path) else v for name, v in vars(rehearsal.flags).items()}
    series = series_of(rehearsal.recorder, _seen(rehearsal), rehearsal.started_at)
    return {
        "run_id": rehearsal.run_id,
        "started_at": datetime.fromtimestamp(rehearsal.started_at, UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        "flags": flags,
        "headline": _headline(rehearsal, series),
        "requests": _requests(rehearsal.recorder),
        "orders": _orders(rehearsal),
        "quiet": {"seconds": round(rehearsal.quiet_seconds, 1), "still_under_way": rehearsal.unrest},
        "faults": [_fault(entry) for entry in rehearsal.faults],
        "recovery": _recovery(rehearsal, series),
        "processes": [_process(usage, rehearsal.flags.duration) for usage in rehearsal.watch.usages()],
        "invariants": [_verdict(verdict) for verdict in verdicts],
        "holds": all(verdict.holds for verdict in verdicts),
        "series": asdict(series),
    }


def write(report: dict[str, Any], rehearsal: Rehearsal, folder: Path) -> tuple[Path, Path]:
    """Writes `<run_id>.json` and `<run_id>.html` into the folder, and returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    as_json = folder / f"{rehearsal.run_id}.json"
    as_html = folder / f"{rehearsal.run_id}.html"
    as_json.write_bytes(msgspec.json.format(json.dumps(report).encode(), indent=2))
    as_html.write_text(page(report, rehearsal.recorder))
    return as_json, as_html


def page(report: dict[str, Any], recorder: Recorder) -> str:
    """Returns the HTML page. It loads nothing from elsewhere."""
    series = Series(**report["series"])
    plots = {
        "Over time": timeline(series, report["faults"], memory_of(report["processes"])),
        "Latency by percentile": percentile_curve(
            {kind: samples.latency_seconds for kind, samples in recorder.kinds.items()}
        ),
    }
    template = files(__package__).joinpath("report.html.j2").read_text()
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(template).render(report=report, plots=plots)


def _headline(rehearsal: Rehearsal, series: Series) -> dict[str, float]:
    seen = _seen(rehearsal)
    confirmed = [order for order in seen if order.state == "confirmed"]
    duration = rehearsal.flags.duration
    last = max((order.updated_at.timestamp() for order in confirmed), default=rehearsal.started_at)
    confirming_seconds = max(duration, last - rehearsal.started_at)
    return {
        "arrivals_per_second": rehearsal.recorder.arrivals.total() / duration,
        "accepted_per_second": len(rehearsal.recorder.accepted) / duration,
        "confirmed_per_second": len(confirmed) / confirming_seconds,
        "confirmed_in_the_best_second": float(max(series.confirmed)),
        **{f"accept_{name}_ms": value for name, value in _accept_ms(rehearsal.recorder).items()},
        **{f"to_confirmed_{name}_ms": value for name, value in _to_confirmed_ms(confirmed).items()},
    }


def _accept_ms(recorder: Recorder) -> dict[str, float]:
    summary = percentiles_ms(recorder.kinds["buy"].latency_seconds)
    return {name: summary[name] for name in ("p50", "p99", "p99.9")}


def _to_confirmed_ms(confirmed: Sequence[Order]) -> dict[str, float]:
    summary = percentiles_ms((order.updated_at - order.placed_at).total_seconds() for order in confirmed)
    return {name: summary[name] for name in ("p50", "p99", "p99.9")}


def _requests(recorder: Recorder) -> dict[str, Any]:
    return {
        kind: {
            "outcomes": dict(samples.outcomes.most_common()),
            "latency_ms": percentiles_ms(samples.latency_seconds),
        }
        for kind, samples in sorted(recorder.kinds.items())
    }


def _orders(rehearsal: Rehearsal) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for order in rehearsal.snapshot.orders.values():
        name = order.state if order.reason is None else f"{order.state}: {order.reason}"
        counts[name] = counts.get(name, 0) + 1
    return {"seen_accepted": len(rehearsal.recorder.accepted), "in_store": counts}


def _recovery(rehearsal: Rehearsal, series: Series) -> dict[str, Any] | None:
    flags = rehearsal.flags
    if flags.profile != "overload":
        return None
    return {"seconds": recovery_seconds(series, flags.rate, flags.duration)}


def _process(usage: Usage, load_seconds: float) -> dict[str, Any]:
    growth = growth_mib(usage, load_seconds)
    return asdict(usage) | {"growth_mib": growth, "grew": grew(usage, load_seconds)}


def _fault(entry: Entry) -> dict[str, Any]:
    ended = entry.ended_seconds
    return {
        "began_seconds": round(entry.began_seconds, 2),
        "ended_seconds": None if ended is None else round(ended, 2),
        "target": entry.fault.target,
        "kind": str(entry.fault.kind),
        "skipped": entry.skipped,
    }


def _seen(rehearsal: Rehearsal) -> list[Order]:
    return list(rehearsal.snapshot.orders.values())


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "promise": verdict.promise,
        "holds": verdict.holds,
        "violations": len(verdict.violations),
        "examples": verdict.violations[:SHOWN_VIOLATIONS],
    }
