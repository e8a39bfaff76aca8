"""Valkey gone and back: what is decided without it, and by whom."""

import asyncio
import urllib.parse

import pytest

from seawall.ratelimit import Charge, DecidedBy, FallbackRateLimiter, Rule, ValkeyRateLimiter
from seawall.testing import Cable, Fault, until
from seawall.valkey import open_valkey

BROWSE = Rule("browse", limit=6, period_seconds=60_000)
SIGN_IN = Rule("sign-in", limit=6, period_seconds=60_000, fail_closed=True)


@pytest.fixture
async def cable(valkey_url):
    address = urllib.parse.urlsplit(valkey_url)
    async with Cable(address.hostname, address.port) as cable:
        yield cable


@pytest.fixture
async def start(cable):
    """A function that makes a limiter with two replicas behind the cable."""
    async with open_valkey(f"redis://127.0.0.1:{cable.port}/0") as valkey:
        yield lambda **options: FallbackRateLimiter(ValkeyRateLimiter(valkey), replicas=2, **options)


async def answers(limiter, tenant, rule, calls):
    return [await limiter.take(tenant, [Charge(rule, "ann")]) for _ in range(calls)]


async def test_without_valkey_each_replica_holds_its_share(cable, start, unique):
    """Half of the capacity for each of two replicas; the shared count goes on where it was."""
    limiter = start(pause_seconds=0.05)
    first = await answers(limiter, unique, BROWSE, 1)
    await cable.set(Fault.REFUSING)
    alone = await answers(limiter, unique, BROWSE, 4)
    assert [each.is_allowed for each in first + alone] == [True, True, True, True, False]
    assert {each.decided_by for each in alone} == {DecidedBy.LOCAL}
    await cable.set(Fault.NONE)

    async def is_back():
        [decision] = await answers(limiter, unique, BROWSE, 1)
        return decision.decided_by is DecidedBy.SHARED

    await until(is_back)
    rest = await answers(limiter, unique, BROWSE, 5)
    assert [each.is_allowed for each in rest] == [True, True, True, True, False]


async def test_a_rule_that_fails_closed_denies_until_valkey_is_back(cable, start, unique):
    """Nobody guesses passwords against a share of the limit: no answer means no."""
    limiter = start(pause_seconds=60)
    assert (await answers(limiter, unique, SIGN_IN, 1))[0].is_allowed
    await cable.set(Fault.REFUSING)
    [closed] = await answers(limiter, unique, SIGN_IN, 1)
    assert (closed.is_allowed, closed.decided_by) == (False, DecidedBy.NOBODY)
    both = await limiter.take(unique, [Charge(BROWSE, "ann"), Charge(SIGN_IN, "ann")])
    assert [verdict.rule.name for verdict in both.denied] == ["sign-in"]
    await cable.set(Fault.NONE)
    [open_again] = await answers(limiter, unique, SIGN_IN, 1)
    assert (open_again.is_allowed, open_again.decided_by) == (True, DecidedBy.SHARED)


async def test_a_silent_valkey_is_waited_for_once(cable, start, unique):
    """The first request waits for the time-out; those after it are decided at once, here."""
    limiter = start(timeout_seconds=0.05, pause_seconds=60)
    await answers(limiter, unique, BROWSE, 1)
    await cable.set(Fault.DROPPING)
    [first] = await answers(limiter, unique, BROWSE, 1)
    asked = cable.accepted
    later = await answers(limiter, unique, BROWSE, 20)
    assert {each.decided_by for each in [first, *later]} == {DecidedBy.LOCAL}
    assert cable.accepted == asked


async def test_one_call_at_a_time_asks_whether_valkey_is_back(cable, start, unique):
    """When the pause is over, one of many requests asks; the others do not wait with it."""
    now = [0.0]
    limiter = start(pause_seconds=1, clock=lambda: now[0])
    await cable.set(Fault.REFUSING)
    await answers(limiter, unique, BROWSE, 1)
    await cable.set(Fault.NONE)
    now[0] = 1.0
    decisions = await asyncio.gather(*[limiter.take(unique, [Charge(BROWSE, str(n))]) for n in range(20)])
    assert sum(each.decided_by is DecidedBy.SHARED for each in decisions) == 1
    [next_one] = await answers(limiter, unique, BROWSE, 1)
    assert next_one.decided_by is DecidedBy.SHARED
