"""How a decision is told over HTTP: draft-ietf-httpapi-ratelimit-headers-11, RFC 9651 structured fields."""

import math
from typing import Any

from seawall.ratelimit.decision import Decision, Verdict

QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"
TITLE = "Request cannot be satisfied as assigned quota has been exceeded"
TOO_MANY_REQUESTS = 429


def http_fields(decision: Decision) -> dict[str, str]:
    """`RateLimit-Policy`, `RateLimit` and, after a denial that ends, `Retry-After`.

    A policy is the rule's capacity (`q`) and how long it takes to come back (`w`); of it is left `r`, and `t`
    is when all of it is back. Seconds are whole and rounded up. No rules: no fields.
    """
    if not decision.verdicts:
        return {}
    fields = {
        "RateLimit-Policy": ", ".join(_policy(verdict) for verdict in decision.verdicts),
        "RateLimit": ", ".join(_limit(verdict) for verdict in decision.verdicts),
    }
    if not decision.is_allowed and decision.retry_after_seconds is not None:
        fields["Retry-After"] = str(math.ceil(decision.retry_after_seconds))
    return fields


def violated_policies(decision: Decision) -> list[str]:
    """The names of the rules that deny."""
    return [verdict.rule.name for verdict in decision.denied]


def quota_exceeded(decision: Decision) -> dict[str, Any]:
    """The problem document (RFC 9457) of a denial."""
    return {
        "type": QUOTA_EXCEEDED,
        "title": TITLE,
        "status": TOO_MANY_REQUESTS,
        "violated-policies": violated_policies(decision),
    }


def _policy(verdict: Verdict) -> str:
    rule = verdict.rule
    # A rule's name is [a-z0-9-]: a String of RFC 9651 without escapes.
    return f'"{rule.name}";q={rule.capacity};w={math.ceil(rule.refill_seconds)}'


def _limit(verdict: Verdict) -> str:
    return f'"{verdict.rule.name}";r={verdict.remaining};t={math.ceil(verdict.reset_after_seconds)}'
