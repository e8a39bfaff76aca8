"""Rate limits by GCRA: shared through Valkey, with a local fall-back."""

from seawall.extras import extra

with extra("ratelimit"):
    from seawall.ratelimit.decision import DecidedBy, Decision, Verdict
    from seawall.ratelimit.fallback import FallbackRateLimiter
    from seawall.ratelimit.memory import MemoryRateLimiter
    from seawall.ratelimit.ports import RateLimiter
    from seawall.ratelimit.rule import Charge, Rule
    from seawall.ratelimit.valkey_limiter import ValkeyRateLimiter

__all__ = [
    "Charge",
    "DecidedBy",
    "Decision",
    "FallbackRateLimiter",
    "MemoryRateLimiter",
    "RateLimiter",
    "Rule",
    "ValkeyRateLimiter",
    "Verdict",
]
