"""Idempotency-Key: a request that is repeated is done once, and answered as it was."""

from seawall.extras import extra

with extra("idempotency"):
    from seawall.idempotency.answer import Answer
    from seawall.idempotency.keyed import KeyedRequest, keyed
    from seawall.idempotency.once import LIFETIME_SECONDS, once, purge_keys
    from seawall.idempotency.tables import create_idempotency_keys

__all__ = [
    "LIFETIME_SECONDS",
    "Answer",
    "KeyedRequest",
    "create_idempotency_keys",
    "keyed",
    "once",
    "purge_keys",
]
