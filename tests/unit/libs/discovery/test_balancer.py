"""The power of two choices, with a clock and a draw that the test controls."""

import asyncio
import random
from collections import Counter
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from seawall.discovery import Balancer, Endpoint

ONE, TWO, THREE = (Endpoint(f"10.0.0.{number}", 80) for number in (1, 2, 3))


class Known:
    """A discovery as the balancer sees it."""

    def __init__(self, *endpoints):
        self.service = "orders"
        self.endpoints = endpoints


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(clock):
    def make(known):
        return Balancer(known, clock=clock, draw=random.Random(7))

    return make


def called(balancer, clock, seconds=None, calls=1):
    """One call after another, each as long as its endpoint takes; how many each endpoint got."""
    counts: Counter[Any] = Counter()
    for _ in range(calls):
        with balancer.endpoint() as endpoint:
            clock.now += (seconds or {}).get(endpoint, 0.01)
        counts[endpoint] += 1
    return counts


def test_calls_in_flight_are_spread(make):
    """While nobody is done, no endpoint of two has two calls more than the other."""
    balancer = make(Known(ONE, TWO))
    with ExitStack() as calls:
        counts = Counter(calls.enter_context(balancer.endpoint()) for _ in range(20))
    assert counts == {ONE: 10, TWO: 10}


def test_a_slow_endpoint_gets_few_calls(make, clock):
    """Of three, the one that takes ten times as long is what P2C picks only against itself."""
    counts = called(make(Known(ONE, TWO, THREE)), clock, {THREE: 0.1}, calls=300)
    assert counts[THREE] < 15
    assert min(counts[ONE], counts[TWO]) > 50


def answer(endpoint, clock):
    """ONE refuses at once, the other takes its time."""
    clock.now += 0.001 if endpoint == ONE else 0.02
    if endpoint == ONE:
        raise ConnectionRefusedError


def test_an_endpoint_that_fails_fast_draws_no_calls(make, clock):
    """An error at once is no good latency."""
    balancer = make(Known(ONE, TWO))
    called(balancer, clock, calls=4)
    counts: Counter[Any] = Counter()
    for _ in range(50):
        with suppress(ConnectionRefusedError), balancer.endpoint() as endpoint:
            counts[endpoint] += 1
            answer(endpoint, clock)
    assert counts[ONE] <= 2


def test_a_penalty_fades(make, clock):
    """An endpoint that recovered gets calls again."""
    balancer = make(Known(ONE, TWO))
    called(balancer, clock, {ONE: 5.0, TWO: 0.01}, calls=4)
    assert ONE not in called(balancer, clock, calls=20)
    clock.now += 120
    assert called(balancer, clock, calls=40)[ONE] > 5


def test_a_new_endpoint_is_tried_with_one_call_at_a_time(make, clock):
    """It is measured soon, and does not get everything before it has answered."""
    known = Known(ONE, TWO)
    balancer = make(known)
    called(balancer, clock, calls=10)
    known.endpoints = (ONE, TWO, THREE)
    with ExitStack() as calls:
        counts = Counter(calls.enter_context(balancer.endpoint()) for _ in range(30))
    assert 1 <= counts[THREE] <= 2


def test_endpoints_that_are_gone_are_not_chosen(make, clock):
    """Also while a call on them is still in flight, which ends as ever."""
    known = Known(ONE, TWO)
    balancer = make(known)
    with balancer.endpoint(without=[ONE]) as gone:
        known.endpoints = (ONE,)
        assert set(called(balancer, clock, calls=5)) == {ONE}
    assert gone == TWO


def test_a_second_attempt_goes_elsewhere_where_it_can(make):
    """What was tried is left out, unless there is nobody else."""
    balancer = make(Known(ONE, TWO))
    with balancer.endpoint(without=[ONE]) as endpoint:
        assert endpoint == TWO
    with balancer.endpoint(without=[ONE, TWO]) as endpoint:
        assert endpoint in {ONE, TWO}


async def test_a_cancelled_call_says_nothing(make, clock):
    """A caller who left after long is no slow endpoint, and leaves its place."""
    balancer = make(Known(ONE))
    with pytest.raises(asyncio.CancelledError):
        with balancer.endpoint():
            clock.now += 60
            raise asyncio.CancelledError
    balancer._discovery.endpoints = (ONE, TWO)
    with ExitStack() as calls:
        assert {calls.enter_context(balancer.endpoint()) for _ in range(2)} == {ONE, TWO}


@pytest.mark.parametrize("text", ["", "host", "host:", ":80", "host:0", "host:65536", "host:http"])
def test_an_endpoint_is_host_and_port(text):
    """Anything else is refused."""
    with pytest.raises(ValueError, match="host:port"):
        Endpoint.parse(text)


def test_an_address_with_colons_is_in_brackets():
    """It is read and written as in a URL."""
    assert Endpoint.parse("[::1]:80") == Endpoint("::1", 80)
    assert Endpoint("::1", 80).address == "[::1]:80"
