"""The same limits as a token bucket, which GCRA is the dual of: buckets of fractions that fill with time."""

from dataclasses import dataclass, field
from fractions import Fraction

from seawall.ratelimit import Charge, Decision, Rule


@dataclass
class Bucket:
    tokens: Fraction
    at: Fraction


@dataclass
class TokenBuckets:
    """What is allowed, and what is left, at moments that never go backwards. Time is in seconds."""

    buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)

    def take(self, now: Fraction, charges: list[Charge]) -> tuple[list[bool], list[int]]:
        """Which charges are allowed, and how many whole tokens are left after all or none were taken."""
        filled = [self._filled(now, charge.rule, charge.subject) for charge in charges]
        allowed = [charge.units <= bucket.tokens for charge, bucket in zip(charges, filled, strict=True)]
        if all(allowed):
            for charge, bucket in zip(charges, filled, strict=True):
                bucket.tokens -= charge.units
        return allowed, [bucket.tokens.__floor__() for bucket in filled]

    def _filled(self, now: Fraction, rule: Rule, subject: str) -> Bucket:
        bucket = self.buckets.setdefault((rule.name, subject), Bucket(Fraction(rule.capacity), now))
        bucket.tokens += (now - bucket.at) * Fraction(rule.limit) / Fraction(rule.period_seconds)
        bucket.tokens = min(bucket.tokens, Fraction(rule.capacity))
        bucket.at = now
        return bucket


def told(decision: Decision) -> tuple[list[bool], list[int]]:
    """A limiter's answer in the model's terms."""
    verdicts = decision.verdicts
    return [verdict.is_allowed for verdict in verdicts], [verdict.remaining for verdict in verdicts]
