"""What is counted of the decisions."""

from functools import lru_cache

from prometheus_client import Counter

from seawall.ratelimit.decision import DecidedBy, Decision

OUTAGES = Counter(
    "seawall_ratelimit_outages_total", "Decisions for which the shared count was not reached in time"
)
_DECISIONS = Counter(
    "seawall_ratelimit_decisions_total", "Verdicts of the rules", ["rule", "decided_by", "outcome"]
)


def recorded(decision: Decision) -> Decision:
    """The decision, counted."""
    for verdict in decision.verdicts:
        _counter(verdict.rule.name, decision.decided_by, verdict.is_allowed).inc()
    return decision


@lru_cache(maxsize=1024)
def _counter(rule: str, decided_by: DecidedBy, is_allowed: bool) -> Counter:
    return _DECISIONS.labels(rule, decided_by.value, "allowed" if is_allowed else "denied")
