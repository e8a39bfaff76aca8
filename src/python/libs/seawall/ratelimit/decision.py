"""What a limiter answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from seawall.ratelimit.rule import TICKS_PER_SECOND, Charge, Rule


class DecidedBy(StrEnum):
    """Who has counted."""

    SHARED = "shared"
    """The store that all replicas share."""
    LOCAL = "local"
    """This process alone."""
    NOBODY = "nobody"
    """The shared count could not be reached, and a rule of the request fails closed."""


class Verdict(NamedTuple):
    """How one rule stands after the request."""

    rule: Rule
    is_allowed: bool
    remaining: int
    """Units that could be charged now."""
    reset_after_seconds: float
    """Until the whole capacity is there again, if nothing is charged."""
    retry_after_seconds: float | None
    """Until the same charge is allowed, 0 if it is; None: never, for it is more than the capacity."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer for all charges of a request: each was taken, or none was."""

    verdicts: tuple[Verdict, ...]
    decided_by: DecidedBy

    @property
    def is_allowed(self) -> bool:
        """Whether every rule allows it."""
        return all(verdict.is_allowed for verdict in self.verdicts)

    @property
    def denied(self) -> tuple[Verdict, ...]:
        """The rules that do not."""
        return tuple(verdict for verdict in self.verdicts if not verdict.is_allowed)

    @property
    def retry_after_seconds(self) -> float | None:
        """When to try again: when the last of the denying rules would allow it; None: never."""
        waits = [verdict.retry_after_seconds for verdict in self.denied]
        return None if None in waits else max((wait for wait in waits if wait is not None), default=0.0)


def verdict(charge: Charge, debt: int, is_taken: bool) -> Verdict:
    """What a debt, in ticks before the request, means for a charge that was taken or not."""
    rule = charge.rule
    cost = charge.cost
    missing = max(0, debt + cost - rule.tolerance)
    after = debt + cost if is_taken else debt
    is_possible = charge.units <= rule.capacity
    return Verdict(
        rule,
        is_allowed=missing == 0,
        remaining=(rule.tolerance - after) // rule.interval,
        reset_after_seconds=after / TICKS_PER_SECOND,
        retry_after_seconds=missing / TICKS_PER_SECOND if is_possible else None,
    )


def decision(charges: Sequence[Charge], debts: Sequence[int], decided_by: DecidedBy) -> Decision:
    """The answer to charges whose rules stood at these debts, in ticks, within their tolerance."""
    pairs = list(zip(charges, debts, strict=True))
    is_taken = all(debt + charge.cost <= charge.rule.tolerance for charge, debt in pairs)
    return Decision(tuple(verdict(charge, debt, is_taken) for charge, debt in pairs), decided_by)
