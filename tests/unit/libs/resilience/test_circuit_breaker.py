"""The circuit breaker: when it opens, whom it lets try, what counts."""

import asyncio
from collections.abc import Awaitable, Callable

import pybreaker
import pytest

from seawall.resilience import BulkheadFull, CircuitOpen, TimedOut, Timeout, compose
from seawall.resilience.circuit import CircuitSettings
from seawall.resilience.circuit_breaker import CircuitBreaker
from unit.libs.resilience.calls import Failed, Held, raising, returning
from unit.libs.resilience.virtual_time import VirtualLoop, in_virtual_time


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Status(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@pytest.fixture
def clock() -> Clock:
    return Clock()


def breaker_on(clock: Callable[[], float], **rest) -> CircuitBreaker:
    """Opens for its full time: without jitter."""
    return CircuitBreaker("db", clock=clock, uniform=lambda: 1.0, **rest)


async def make(breaker: CircuitBreaker, call: Callable[[], Awaitable[object]], times: int = 1) -> None:
    for _ in range(times):
        await asyncio.gather(breaker.execute(call), return_exceptions=True)


async def opened(clock: Callable[[], float], **rest) -> CircuitBreaker:
    breaker = breaker_on(clock, **rest)
    await make(breaker, raising(Failed()), 20)
    assert breaker.state == pybreaker.STATE_OPEN
    return breaker


async def test_it_opens_at_half_of_twenty_calls(clock: Clock) -> None:
    """19 failures do not open it, nor do 9 of 20; 10 of 20 do."""
    few = breaker_on(clock)
    await make(few, raising(Failed()), 19)
    assert few.state == pybreaker.STATE_CLOSED
    breaker = breaker_on(clock)
    await make(breaker, returning(42), 11)
    await make(breaker, raising(Failed()), 9)
    assert breaker.state == pybreaker.STATE_CLOSED
    await make(breaker, returning(42), 1)
    await make(breaker, raising(Failed()), 3)
    assert breaker.state == pybreaker.STATE_OPEN


async def test_while_it_is_open_no_call_is_made(clock: Clock) -> None:
    """CircuitOpen, with the time after which it is worth coming back."""
    breaker = await opened(clock)
    clock.now += 2
    with pytest.raises(CircuitOpen) as refused:
        await breaker.execute(raising(AssertionError("called")))
    assert refused.value.retry_after_seconds == 3


async def test_what_lies_further_back_than_the_window_is_forgotten(clock: Clock) -> None:
    """Failures of half a minute ago open nothing."""
    breaker = breaker_on(clock)
    await make(breaker, raising(Failed()), 19)
    clock.now += 30
    await make(breaker, raising(Failed()), 1)
    assert breaker.state == pybreaker.STATE_CLOSED


@pytest.mark.parametrize("error", [Status(404), Status(429), BulkheadFull("db", "full")])
async def test_an_answer_of_4xx_is_neutral(clock: Clock, error: Exception) -> None:
    """The dependency answered: it counts neither for nor against it. Nor does what was never sent."""
    breaker = breaker_on(clock)
    await make(breaker, raising(error), 40)
    await make(breaker, raising(Failed()), 19)
    assert breaker.state == pybreaker.STATE_CLOSED
    await make(breaker, raising(Status(503)), 1)
    assert breaker.state == pybreaker.STATE_OPEN


async def test_slow_calls_open_it(clock: Clock) -> None:
    """An answer that takes a second or longer is as bad as none."""

    async def slow() -> None:
        clock.now += 1

    breaker = breaker_on(clock)
    await make(breaker, slow, 20)
    assert breaker.state == pybreaker.STATE_OPEN


async def test_cancelled_calls_are_neutral(clock: Clock) -> None:
    """A caller that went away says nothing about the dependency."""
    breaker = breaker_on(clock)
    for _ in range(40):
        held = Held(breaker)
        await asyncio.sleep(0)
        held.task.cancel()
        await asyncio.gather(held.task, return_exceptions=True)
    await make(breaker, raising(Failed()), 19)
    assert breaker.state == pybreaker.STATE_CLOSED


@in_virtual_time
async def test_a_dependency_that_hangs_opens_it(loop: VirtualLoop) -> None:
    """Cancelled by the time-out around it, after longer than a good call may take: that is slow."""
    breaker = breaker_on(loop.time)
    policy = compose(Timeout("db", 1.5, clock=loop.time), breaker)
    calls = [asyncio.create_task(policy.execute(asyncio.Event().wait)) for _ in range(20)]
    for error in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(error, TimedOut)
    assert breaker.state == pybreaker.STATE_OPEN


async def test_ten_probes_at_once_admit_three(clock: Clock) -> None:
    """Half-open, it lets three try; the others are refused until these have ended."""
    breaker = await opened(clock)
    clock.now += 5
    probes = [Held(breaker) for _ in range(10)]
    await asyncio.sleep(0)
    assert [held.is_under_way for held in probes] == [True] * 3 + [False] * 7
    assert all(isinstance(held.error, CircuitOpen) for held in probes[3:])
    for held in probes[:3]:
        held.answer(42)
        assert await held.task == 42
    assert breaker.state == pybreaker.STATE_CLOSED


async def test_one_failed_probe_opens_it_again(clock: Clock) -> None:
    """And for twice as long."""
    breaker = await opened(clock)
    clock.now += 5
    await make(breaker, raising(Failed()))
    clock.now += 9.9
    with pytest.raises(CircuitOpen):
        await breaker.execute(returning(42))
    clock.now += 0.1
    assert await breaker.execute(returning(42)) == 42


async def test_the_time_it_stays_open_doubles_up_to_a_minute(clock: Clock) -> None:
    """5, 10, 20, 40, 60, 60 s; after it was closed 5 s again."""
    breaker = await opened(clock)
    for seconds in (5, 10, 20, 40, 60, 60):
        with pytest.raises(CircuitOpen) as refused:
            await breaker.execute(returning(42))
        assert refused.value.retry_after_seconds == seconds
        clock.now += seconds
        await make(breaker, raising(Failed()))
    clock.now += 60
    await make(breaker, returning(42), 3)
    assert breaker.state == pybreaker.STATE_CLOSED
    await make(breaker, raising(Failed()), 20)
    with pytest.raises(CircuitOpen, match=r"5\.0 s"):
        await breaker.execute(returning(42))


@pytest.mark.parametrize(("uniform", "seconds"), [(0.0, 2.5), (1.0, 5.0)])
async def test_half_of_the_time_is_random(clock: Clock, uniform: float, seconds: float) -> None:
    """Equal jitter: replicas that opened together do not probe together."""
    breaker = CircuitBreaker("db", clock=clock, uniform=lambda: uniform)
    await make(breaker, raising(Failed()), 20)
    with pytest.raises(CircuitOpen) as refused:
        await breaker.execute(returning(42))
    assert refused.value.retry_after_seconds == seconds


async def test_a_cancelled_probe_frees_its_permit(clock: Clock) -> None:
    """Three probes that were cancelled leave room for three others, and decide nothing."""
    breaker = await opened(clock)
    clock.now += 5
    for _ in range(4):
        probes = [Held(breaker) for _ in range(3)]
        await asyncio.sleep(0)
        assert all(held.is_under_way for held in probes)
        for held in probes:
            held.task.cancel()
        await asyncio.gather(*(held.task for held in probes), return_exceptions=True)
    assert breaker.state == pybreaker.STATE_HALF_OPEN


async def test_probes_still_under_way_when_it_opens_take_no_later_permits(clock: Clock) -> None:
    """One of three fails, the others hang: the next time three others may try."""
    breaker = await opened(clock, settings=CircuitSettings(slow_seconds=3600))
    for pause in (5, 10, 20):
        clock.now += pause
        probes = [Held(breaker) for _ in range(3)]
        await asyncio.sleep(0)
        assert all(held.is_under_way for held in probes)
        probes[0].fail()
        await asyncio.gather(probes[0].task, return_exceptions=True)


async def test_late_results_of_an_earlier_generation_are_ignored(clock: Clock) -> None:
    """What began before it opened neither opens it again, nor closes it, nor frees a probe's permit."""
    breaker = breaker_on(clock, settings=CircuitSettings(slow_seconds=3600))
    early = [Held(breaker) for _ in range(6)]
    await make(breaker, raising(Failed()), 20)
    clock.now += 5
    probes = [Held(breaker) for _ in range(3)]
    await asyncio.sleep(0)
    for held in early:
        held.answer()
    await asyncio.gather(*(held.task for held in early))
    assert breaker.state == pybreaker.STATE_HALF_OPEN
    with pytest.raises(CircuitOpen):
        await breaker.execute(returning(42))
    probes[0].fail()
    await asyncio.gather(probes[0].task, return_exceptions=True)
    assert breaker.state == pybreaker.STATE_OPEN
    for held in probes[1:]:
        held.answer()
        await held.task
    assert breaker.state == pybreaker.STATE_OPEN


class Listener(pybreaker.CircuitBreakerListener):
    def __init__(self) -> None:
        self.states: list[str] = []
        self.events: list[str] = []

    def before_call(self, cb, func, *args, **kwargs) -> None:
        self.events.append("before")

    def success(self, cb) -> None:
        self.events.append("success")

    def failure(self, cb, exc) -> None:
        self.events.append(f"failure {exc!r}")

    def state_change(self, cb, old_state, new_state) -> None:
        self.states.append(f"{cb.name}: {old_state.name} to {new_state.name}")


async def test_pybreakers_listeners_are_told(clock: Clock) -> None:
    """Of each call, and of each change of state once."""
    listener = Listener()
    breaker = await opened(clock, listeners=[listener])
    assert listener.events[:2] == ["before", "failure Failed()"]
    clock.now += 5
    await make(breaker, returning(42), 3)
    assert listener.events[-2:] == ["before", "success"]
    assert listener.states == ["db: closed to open", "db: open to half-open", "db: half-open to closed"]


async def test_pybreakers_storage_shares_the_state(clock: Clock) -> None:
    """Two breakers on one storage: what one sees failing, the other leaves alone, and probes in its turn."""
    storage = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
    first = await opened(clock, storage=storage)
    second = breaker_on(clock, storage=storage)
    with pytest.raises(CircuitOpen):
        await second.execute(returning(42))
    clock.now += 5
    await make(second, returning(42), 3)
    assert first.state == pybreaker.STATE_CLOSED
    assert await first.execute(returning(42)) == 42
