"""What a reconciliation job finds, told to people: as a metric and in the log. It never repairs."""

import logging
from collections.abc import Mapping, Sequence

from prometheus_client import Counter, Gauge

LOGGED = 20

_DIFFERENCES = Gauge("shop_reconciliation_differences", "Differences between two stores", ["check"])
_RUNS = Counter("shop_reconciliation_runs_total", "Runs of the reconciliation job")
_log = logging.getLogger(__name__)


class DifferenceReport:
    """The differences of one job. Each check that it makes has its gauge from the start, at 0."""

    def __init__(self, checks: Sequence[str]) -> None:
        self._known: dict[str, set[str]] = {check: set() for check in checks}
        for check in checks:
            _DIFFERENCES.labels(check).set(0)

    def tell(self, found: Mapping[str, Sequence[str]]) -> None:
        """Sets the gauges after a run, and logs what was not there before and what is there no more."""
        _RUNS.inc()
        for check, known in self._known.items():
            now = set(found.get(check, ()))
            _DIFFERENCES.labels(check).set(len(now))
            if new := sorted(now - known):
                details = {"check": check, "differences": len(now), "new": new[:LOGGED]}
                _log.error("the stores differ", extra=details)
            elif known - now:
                _log.warning("the stores differ less", extra={"check": check, "differences": len(now)})
            self._known[check] = now
