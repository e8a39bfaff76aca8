"""What every limiter promises."""

from collections.abc import Sequence
from typing import Protocol

from seawall.ratelimit.decision import Decision
from seawall.ratelimit.rule import Charge


class RateLimiter(Protocol):
    """Counts charges by GCRA (ITU-T I.371): exact at any moment, one number for each rule and subject."""

    async def take(self, tenant: str, charges: Sequence[Charge]) -> Decision:
        """Takes all charges if every rule allows its own; takes nothing if one does not.

        What belongs to one tenant is counted in one place, so that one request's charges are one step.
        Errors: ValueError for a tenant without text or with braces, and for two charges of one rule to one
        subject; of a store, those that the implementation names.
        """
