"""Retry: which calls are made again, when, and how often."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from seawall.resilience import (
    BulkheadFull,
    NeverSent,
    Retry,
    RetryBudget,
    RetryBudgetSettings,
    RetrySettings,
    TimedOut,
    bind_attempt,
    bind_deadline,
    compose,
    current_attempt,
    parse_attempt,
    start_detached,
)
from unit.libs.resilience.calls import Held


class Service:
    """Fails with these errors in turn, then answers 42; notes the number of each attempt."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.attempts: list[int | None] = []

    async def __call__(self) -> int:
        self.attempts.append(current_attempt())
        if self._errors:
            raise self._errors.pop(0)
        return 42


class Status(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Sleeper:
    """Sleeps no time at all, and notes how long it should have been."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.pauses.append(seconds)


def retry(*, is_idempotent: bool = True, sleep: Callable[[float], Awaitable[object]] | None = None, **rest):
    return Retry("db", is_idempotent=is_idempotent, sleep=sleep or Sleeper(), **rest)


async def test_a_failed_call_is_made_once_more() -> None:
    """Two attempts, numbered from 1; outside of the call there is no number."""
    service = Service(ConnectionResetError())
    assert await retry().execute(service) == 42
    assert service.attempts == [1, 2]
    assert current_attempt() is None


async def test_after_the_second_failure_the_error_is_told() -> None:
    """The last error, not the first, and no third attempt."""
    service = Service(ConnectionResetError("first"), ConnectionResetError("second"), ConnectionResetError())
    with pytest.raises(ConnectionResetError, match="second"):
        await retry().execute(service)
    assert service.attempts == [1, 2]


@pytest.mark.parametrize("error", [ConnectionResetError(), TimedOut(), TimeoutError(), Status(503)])
async def test_what_may_have_been_done_is_repeated_only_if_idempotent(error: Exception) -> None:
    """A lost reply says nothing about whether the call was carried out."""
    service = Service(error)
    with pytest.raises(type(error)):
        await retry(is_idempotent=False).execute(service)
    assert service.attempts == [1]
    assert await retry().execute(Service(error)) == 42


@pytest.mark.parametrize("error", [ConnectionRefusedError(), NeverSent()])
async def test_what_was_never_sent_may_always_be_repeated(error: Exception) -> None:
    """Also where the call is not idempotent."""
    assert await retry(is_idempotent=False).execute(Service(error)) == 42


@pytest.mark.parametrize("error", [ValueError(), BulkheadFull("db", "full"), Status(404), Status(500)])
async def test_an_answer_is_not_asked_for_again(error: Exception) -> None:
    """Nor is what was refused on this side: it would be refused again."""
    service = Service(error)
    with pytest.raises(type(error)):
        await retry().execute(service)
    assert service.attempts == [1]


async def test_the_pause_is_full_jitter_under_a_cap() -> None:
    """Between nothing and the base, which doubles with each attempt, up to the cap."""
    sleeper = Sleeper()
    settings = RetrySettings(max_attempts=5, base_seconds=0.3)
    errors = [ConnectionResetError() for _ in range(4)]
    await retry(sleep=sleeper, settings=settings, uniform=lambda: 1.0).execute(Service(*errors))
    assert sleeper.pauses == pytest.approx([0.3, 0.6, 1.0, 1.0])
    sleeper.pauses.clear()
    await retry(sleep=sleeper, uniform=lambda: 0.5).execute(Service(ConnectionResetError()))
    assert sleeper.pauses == [0.0125]


async def test_no_retry_goes_beyond_the_deadline() -> None:
    """If the pause would leave too little time the error is told at once, without a pause."""
    sleeper, now = Sleeper(), 0.0
    service = Service(ConnectionResetError())
    with bind_deadline(0.034, lambda: now), pytest.raises(ConnectionResetError):
        await retry(sleep=sleeper, uniform=lambda: 1.0).execute(service)
    assert (service.attempts, sleeper.pauses) == ([1], [])
    with bind_deadline(0.036, lambda: now):
        assert await retry(uniform=lambda: 1.0).execute(Service(ConnectionResetError())) == 42


async def test_an_empty_budget_ends_retries() -> None:
    """The budget pays for as many retries as it has; then the first error is told."""
    budget = RetryBudget("db", RetryBudgetSettings(per_second=0.1, share=0), lambda: 0.0)
    policy = retry(budget=budget)
    assert await policy.execute(Service(ConnectionResetError())) == 42
    service = Service(ConnectionResetError())
    with pytest.raises(ConnectionResetError):
        await policy.execute(service)
    assert service.attempts == [1]


async def test_a_retry_that_is_not_made_is_not_paid_for() -> None:
    """Errors that are final leave the budget as it is."""
    budget = RetryBudget("db", RetryBudgetSettings(share=0, per_second=0.1), lambda: 0.0)
    with pytest.raises(ValueError):
        await retry(budget=budget).execute(Service(ValueError()))
    assert budget.retries == 1


async def test_one_layer_retries() -> None:
    """Under a layer that retries, in this process or another one (`x-attempt`), a call is made once."""
    nested = compose(retry(), retry())
    service = Service(ConnectionResetError(), ConnectionResetError(), ConnectionResetError())
    with pytest.raises(ConnectionResetError):
        await nested.execute(service)
    assert service.attempts == [1, 2]
    below = Service(ConnectionResetError())
    with bind_attempt(parse_attempt("1")), pytest.raises(ConnectionResetError):
        await retry().execute(below)
    assert below.attempts == [1]


async def test_detached_work_retries_for_itself() -> None:
    """Work that several callers share is nobody's attempt."""
    service = Service(ConnectionResetError())
    with bind_attempt(2):
        assert await start_detached(retry().execute(service)) == 42
    assert service.attempts == [1, 2]


@pytest.mark.parametrize(
    ("text", "number"),
    [(None, None), ("1", 1), ("12", 12), ("0", 1), ("x", 1), ("", 1), ("١", 1), ("100", 1)],
)
def test_the_header_is_read(text: str | None, number: int | None) -> None:
    """Without it nobody above retries; a malformed one counts as a first attempt."""
    assert parse_attempt(text) == number


async def test_a_cancelled_call_is_not_made_again() -> None:
    """Nor is one that is cancelled in the pause."""
    held = Held(retry())
    await asyncio.sleep(0)
    held.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held.task

    service = Service(ConnectionResetError())
    in_pause = asyncio.create_task(retry(sleep=lambda _: asyncio.Event().wait()).execute(service))
    await asyncio.sleep(0)
    in_pause.cancel()
    with pytest.raises(asyncio.CancelledError):
        await in_pause
    assert service.attempts == [1]
