"""Many callers of one limit at once, on the real Valkey and by its own clock."""

import asyncio
from fractions import Fraction

import pytest

from contract.ratelimit.model import TokenBuckets, told
from seawall.ratelimit import Charge, Rule, ValkeyRateLimiter
from seawall.ratelimit.valkey_limiter import SERVER_CLOCK, gcra_script
from seawall.valkey import open_valkey

CALLERS = 64
CALLS = 25
BRISK = Rule("brisk", limit=1000, period_seconds=1, burst=49)
STRICT = Rule("strict", limit=100, period_seconds=100_000)
# The server's clock, which also tells when it was asked, in the order in which it was asked.
TOLD_CLOCK = SERVER_CLOCK + "redis.call('RPUSH', KEYS[1] .. ':told', string.format('%.0f', now))\n"


@pytest.fixture
async def valkey(valkey_url):
    # What is exact is tested here: no caller gives up because this machine is busy.
    async with open_valkey(valkey_url, max_connections=CALLERS, timeout_seconds=30) as valkey:
        yield valkey


async def gather(limiter, tenant, charges, *, calls):
    """Decisions of all callers, as they came."""

    async def caller():
        return [await limiter.take(tenant, charges) for _ in range(calls)]

    answers = await asyncio.gather(*[caller() for _ in range(CALLERS)])
    return [decision for answer in answers for decision in answer]


async def test_not_one_more_than_the_capacity(valkey, unique):
    """64 callers that ask at once, through limiters of their own, get exactly what there is."""
    limiters = [ValkeyRateLimiter(valkey) for _ in range(CALLERS)]
    charges = [Charge(STRICT, "ann")]

    async def caller(limiter):
        return [await limiter.take(unique, charges) for _ in range(4)]

    answers = await asyncio.gather(*[caller(limiter) for limiter in limiters])
    decisions = [decision for answer in answers for decision in answer]
    assert sum(decision.is_allowed for decision in decisions) == STRICT.capacity


async def test_each_answer_is_the_models_at_that_moment(valkey, unique):
    """All 1,600 answers under contention are what the model says for the server's time of the call."""
    limiter = ValkeyRateLimiter(valkey, gcra_script(TOLD_CLOCK))
    charges = [Charge(BRISK, "ann"), Charge(STRICT, "ann", units=0)]
    decisions = await gather(limiter, unique, charges, calls=CALLS)
    [key] = [key for key in await valkey.execute("KEYS", f"*{{{unique}}}:brisk:*") if key.endswith(":told")]
    moments = [Fraction(int(ticks), 10**7) for ticks in await valkey.execute("LRANGE", key, 0, -1)]
    model = TokenBuckets()
    expected = [model.take(moment, charges) for moment in moments]
    # Callers learn no order, the model does: compared is what was said, however often.
    assert sorted(told(decision) for decision in decisions) == sorted(expected)
    assert any(not decision.is_allowed for decision in decisions)


async def test_keys_lapse_when_all_is_back(valkey, unique):
    """A count lives in the store only while it says more than no count would."""
    limiter = ValkeyRateLimiter(valkey)
    await limiter.take(unique, [Charge(STRICT, "ann", 2), Charge(BRISK, "ann", 0)])
    [key] = await valkey.execute("KEYS", f"*{{{unique}}}*")
    assert 1_990_000 < await valkey.execute("PTTL", key) <= 2_000_000
