"""What is limited: a rule, and what one request charges to it."""

import math
import re
from dataclasses import dataclass
from functools import cached_property

TICKS_PER_SECOND = 10_000_000
"""Time is counted in ticks of 100 ns: whole numbers that a double of Lua holds exactly until 2054."""

_MAX_TICKS = 2**50
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True)
class Rule:
    """`limit` units per `period_seconds`, and at most `burst` units ahead of that pace, beside the one due.

    Without `burst` a whole limit may come at once. A rule that is `fail_closed` denies where the shared
    count cannot be reached; any other is then held by each replica for its share. The pace is rounded to
    100 ns a unit. Errors: ValueError for a name that is not [a-z0-9-]{1,64}, or for numbers out of range.
    """

    name: str
    limit: int
    period_seconds: float
    burst: int | None = None
    fail_closed: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"a rule's name is [a-z0-9-], at most 64 characters; got {self.name!r}")
        if self.limit < 1 or self.capacity < 1 or not 0 < self.period_seconds < math.inf:
            raise ValueError(f"{self.name}: limit and period are positive, burst is not negative")
        if self.interval < 1 or self.tolerance > _MAX_TICKS:
            raise ValueError(f"{self.name}: at most 10 million units a second, and 3 years until all is back")

    @property
    def capacity(self) -> int:
        """The most that can be charged at once, in units."""
        return (self.limit - 1 if self.burst is None else self.burst) + 1

    @cached_property
    def interval(self) -> int:
        """T: how long one unit takes to come back, in ticks."""
        return round(self.period_seconds * TICKS_PER_SECOND / self.limit)

    @cached_property
    def tolerance(self) -> int:
        """How far ahead of now a charge may reach, in ticks: T * (burst + 1)."""
        return self.interval * self.capacity

    @property
    def refill_seconds(self) -> float:
        """How long the whole capacity takes to come back."""
        return self.tolerance / TICKS_PER_SECOND

    def for_replica(self, replicas: int) -> "Rule":
        """One replica's share: the pace and the capacity over `replicas`, but never nothing."""
        share = max(1, self.capacity // replicas)
        return Rule(self.name, self.limit, self.period_seconds * replicas, share - 1, self.fail_closed)


@dataclass(frozen=True, slots=True)
class Charge:
    """Units that one request takes from what a rule gives to a subject (a customer, an address).

    No units: a peek, which tells what is left and takes nothing.
    """

    rule: Rule
    subject: str
    units: int = 1

    def __post_init__(self) -> None:
        if self.units < 0:
            raise ValueError(f"{self.rule.name}: units cannot be given back")

    @property
    def cost(self) -> int:
        """In ticks."""
        return self.units * self.rule.interval

    def for_replica(self, replicas: int) -> "Charge":
        """The same to one replica's share. More than a share takes all of it."""
        rule = self.rule.for_replica(replicas)
        units = self.units if self.units > self.rule.capacity else min(self.units, rule.capacity)
        return Charge(rule, self.subject, units)
