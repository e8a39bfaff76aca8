"""Objectives as rules: the share of errors in each window, and alerts on how fast the budget goes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from components.watching.rules import Alert, Record, group
from objectives import BURNS, WINDOWS, Burn, Objective
from promql import duration

LONG = timedelta(hours=6)
ALERT = "ErrorBudgetBurns"


def burn_rate_groups(objectives: Sequence[Objective]) -> list[dict[str, Any]]:
    """Recorded first; what is read from days is read less often."""
    short = [_record(each, window) for each in objectives for window in WINDOWS if window < LONG]
    long = [_record(each, window) for each in objectives for window in WINDOWS if window >= LONG]
    alerts = [_alert(each, burn) for each in objectives for burn in BURNS]
    return [
        group("objectives-short", short),
        group("objectives-long", long, timedelta(minutes=2)),
        group("objectives", alerts),
    ]


def recorded(window: timedelta) -> str:
    """The name of the series of all objectives for a window."""
    return f"objective:errors:ratio_rate{duration(window)}"


def _record(objective: Objective, window: timedelta) -> Record:
    return Record(recorded(window), objective.errors(window), {"objective": objective.name})


def _alert(objective: Objective, burn: Burn) -> Alert:
    above = f'{{objective="{objective.name}"}} > {burn.threshold(objective):.6g}'
    return Alert(
        ALERT,
        f"{objective.promise}: {burn.spent:.0%} of the 30 days' errors came within {duration(burn.long)}",
        f"{recorded(burn.long)}{above} and {recorded(burn.short)}{above}",
        burn.severity,
        objective.runbook,
        labels={"objective": objective.name, "window": duration(burn.long)},
    )
