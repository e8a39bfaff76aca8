"""`seawall.resilience`: what policies add to a call that answers at once or in the next turn of the loop."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import aiobreaker
import stamina
import tenacity
from purgatory import AsyncCircuitBreakerFactory

from seawall.resilience import Bulkhead, Call, Policy, Retry, Timeout, bind_deadline, compose
from seawall.resilience.circuit_breaker import CircuitBreaker
from tools.libbench.comparison import Beside, Comparison, Run, one_by_one

DEADLINE_SECONDS = 60.0


async def answer() -> int:
    """The call: nothing but a frame."""
    return 42


async def next_turn() -> int:
    """A call that gives the loop a turn, as each that waits for a reply does."""
    await asyncio.sleep(0)
    return 42


async def _with_deadline(policy: Policy, call: Call[int], operations: int) -> None:
    with bind_deadline(DEADLINE_SECONDS):
        for _ in range(operations):
            await policy.execute(call)


def _under(policy: Policy, call: Call[int] = answer) -> Run:
    return partial(_with_deadline, policy, call)


def _bare(call: Callable[[], Awaitable[object]]) -> Run:
    return partial(one_by_one, call)


@asynccontextmanager
async def suite() -> AsyncIterator[list[Comparison]]:
    """Needs nothing. Calls have a deadline of their caller, as those of a request do."""
    breaker, bulkhead = CircuitBreaker("bench"), Bulkhead("bench")
    deadline = Timeout("bench")
    three = compose(deadline, breaker, bulkhead)
    yield [
        _added("deadline + breaker + bulkhead", _under(three), answer, "<= 5 us"),
        _added("the same, a call that waits", _under(three, next_turn), next_turn, "<= 5 us"),
        _added("deadline", _under(deadline), answer),
        _added("a limit of its own", _under(Timeout("bench", 1.0)), answer),
        _added("bulkhead", _under(bulkhead), answer),
        Comparison("breaker", _under(breaker), await _breakers()),
        Comparison("retry", _under(Retry("bench", is_idempotent=True)), _retries()),
        Comparison("time limit", _under(Timeout("bench", 1.0)), {"asyncio.timeout": _bare(_limited)}),
    ]


def _added(what: str, ours: Run, call: Callable[[], Awaitable[object]], target: str = "") -> Comparison:
    return Comparison(what, ours, {"bare await": _bare(call)}, Beside.ADDED, target)


async def _breakers() -> dict[str, Run]:
    """The peers with a window or a count of failures, in memory, closed."""
    old = aiobreaker.CircuitBreaker(fail_max=5, timeout_duration=datetime.timedelta(seconds=5))
    factory = AsyncCircuitBreakerFactory(default_threshold=5, default_ttl=5)
    other = await factory.get_breaker("bench")

    async def in_purgatory() -> int:
        async with other:
            return await answer()

    return {"aiobreaker": _bare(partial(old.call_async, answer)), "purgatory": _bare(in_purgatory)}


def _retries() -> dict[str, Run]:
    """The peers with two attempts and jitter, decorating the same call."""
    by_stamina = stamina.retry(on=ConnectionError, attempts=2, wait_initial=0.025, wait_max=1.0)(answer)
    by_tenacity = tenacity.retry(
        retry=tenacity.retry_if_exception_type(ConnectionError),
        stop=tenacity.stop_after_attempt(2),
        wait=tenacity.wait_random_exponential(multiplier=0.025, max=1.0),
    )(answer)
    return {"stamina": _bare(by_stamina), "tenacity": _bare(by_tenacity)}


async def _limited() -> int:
    async with asyncio.timeout(1.0):
        return await answer()
