"""Under which names counts are kept."""

from collections.abc import Sequence
from hashlib import blake2b

from seawall.ratelimit.rule import Charge


def keys_of(tenant: str, charges: Sequence[Charge]) -> list[str]:
    """A key for each charge; those of a tenant share its hash tag (Valkey cluster specification).

    A subject goes in as its digest: keys stay short, and tell no e-mail address. Errors: ValueError, see
    RateLimiter.
    """
    if not tenant or "{" in tenant or "}" in tenant:
        raise ValueError(f"a tenant is text without braces, not {tenant!r}")
    keys = [f"seawall:limit:{{{tenant}}}:{charge.rule.name}:{_digest(charge.subject)}" for charge in charges]
    if len(set(keys)) < len(keys):
        raise ValueError("two charges of one rule to one subject: charge the sum")
    return keys


def _digest(subject: str) -> str:
    return blake2b(subject.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
