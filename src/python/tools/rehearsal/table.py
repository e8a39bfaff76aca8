"""The report in the terminal."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

SHOWN_VIOLATIONS = 5
SHOWN_PROCESSES = 20
MEMORY_FIGURES = (("rss_mib", 0), ("peak_rss_mib", 0))
OTHER_FIGURES = (("cpu_seconds", 1), ("restarts", 0))


def summary(report: dict[str, Any]) -> str:
    """Returns the report's tables as text: requests, processes, invariants, and the headline last."""
    parts = [
        columns(
            ["request", "count", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "outcomes"], _requests(report)
        ),
        columns(["process", "MiB", "peak MiB", "grew by", "CPU s", "restarts"], _processes(report)),
        columns(["promise", "", "violations"], _promises(report)),
        _violations(report),
        _faults(report["faults"]),
        _recovery(report["recovery"]),
        _headline(report["headline"]),
    ]
    return "\n\n".join(part for part in parts if part)


def columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a table with columns as wide as needed; those that hold figures are set to the right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    right = [bool(rows) and all(_is_figure(row[column]) for row in rows) for column in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _is_figure(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "").isdigit()


def _requests(report: dict[str, Any]) -> list[list[str]]:
    rows = []
    for kind, row in report["requests"].items():
        latency = row["latency_ms"]
        figures = [f"{latency[column]:,.1f}" for column in ("p50", "p99", "p99.9", "max")]
        outcomes = ", ".join(f"{outcome}: {count}" for outcome, count in row["outcomes"].items())
        rows.append([kind, f"{sum(row['outcomes'].values()):,}", *figures, outcomes])
    return rows


def _processes(report: dict[str, Any]) -> list[list[str]]:
    return [
        [
            p["name"],
            *(f"{p[figure]:,.{digits}f}" for figure, digits in MEMORY_FIGURES),
            _growth(p),
            *(f"{p[figure]:,.{digits}f}" for figure, digits in OTHER_FIGURES),
        ]
        for p in report["processes"][:SHOWN_PROCESSES]
    ]


def _growth(process: dict[str, Any]) -> str:
    if process["growth_mib"] is None:
        return ""
    return f"{process['growth_mib']:+,.0f}{' GREW' if process['grew'] else ''}"


def _recovery(recovery: dict[str, Any] | None) -> str:
    if recovery is None:
        return ""
    seconds = recovery["seconds"]
    return "NOT back to normal" if seconds is None else f"back to normal {seconds:g} s after the overload"


def _promises(report: dict[str, Any]) -> list[list[str]]:
    return [
        [verdict["promise"], "kept" if verdict["holds"] else "BROKEN", str(verdict["violations"])]
        for verdict in report["invariants"]
    ]


def _violations(report: dict[str, Any]) -> str:
    lines = []
    for verdict in report["invariants"]:
        lines += [f"  {verdict['name']}: {example}" for example in verdict["examples"][:SHOWN_VIOLATIONS]]
    return "\n".join(lines)


def _faults(faults: Sequence[dict[str, Any]]) -> str:
    if not faults:
        return ""
    done = Counter(f"{fault['target']} {fault['kind']}" for fault in faults if not fault["skipped"])
    counts = ", ".join(f"{name}: {count}" for name, count in sorted(done.items()))
    return f"{done.total()} faults ({counts}), {len(faults) - done.total()} skipped"


def _headline(headline: dict[str, float]) -> str:
    rates = [
        f"{what} {headline[f'{what}_per_second']:,.1f}/s" for what in ("arrivals", "accepted", "confirmed")
    ]
    return (
        f"{', '.join(rates)} ({headline['confirmed_in_the_best_second']:,.0f} in the best second)\n"
        f"accept latency {_latency(headline, 'accept')}\n"
        f"time to confirmed {_latency(headline, 'to_confirmed')}"
    )


def _latency(headline: dict[str, float], prefix: str) -> str:
    return ", ".join(f"{p} {headline[f'{prefix}_{p}_ms']:,.1f} ms" for p in ("p50", "p99", "p99.9"))
