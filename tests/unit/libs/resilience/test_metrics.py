"""What the policies show of themselves."""

import asyncio

from prometheus_client import REGISTRY

from seawall.resilience import (
    Bulkhead,
    BulkheadSettings,
    ClientThrottle,
    Fallback,
    LoadShedder,
    Retry,
    Timeout,
    compose,
    value,
)
from seawall.resilience.circuit_breaker import CircuitBreaker
from unit.libs.resilience.calls import Held, raising


def shown(metric: str, name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(metric, {"name": name, **labels})


async def attempt(policy, error: Exception) -> None:
    await asyncio.gather(policy.execute(raising(error)), return_exceptions=True)


async def test_what_is_under_way_and_waits_is_shown() -> None:
    """As it is at the moment somebody asks."""
    policy = compose(LoadShedder("shown"), Bulkhead("shown", BulkheadSettings(max_concurrent=1)))
    held = [Held(policy) for _ in range(3)]
    await asyncio.sleep(0.01)
    assert shown("seawall_concurrency_limit", "shown") == 20
    assert shown("seawall_concurrency_in_use", "shown") == 3
    assert shown("seawall_concurrency_waiting", "shown") == 0
    assert shown("seawall_bulkhead_in_use", "shown") == 1
    assert shown("seawall_bulkhead_waiting", "shown") == 2
    for one in held:
        one.answer()
    await asyncio.gather(*(one.task for one in held))
    assert shown("seawall_concurrency_in_use", "shown") == shown("seawall_bulkhead_in_use", "shown") == 0


async def test_a_circuits_state_is_shown() -> None:
    """A figure for each state, how often it opened, how many calls were bad, how many were refused."""
    breaker = CircuitBreaker("shown")
    assert shown("seawall_circuit_state", "shown") == 0
    for _ in range(23):
        await attempt(breaker, ConnectionResetError())
    assert shown("seawall_circuit_state", "shown") == 2
    assert shown("seawall_circuit_opened_total", "shown") == 1
    assert shown("seawall_circuit_bad_calls_total", "shown") == 20
    assert shown("seawall_rejected_total", "shown", policy="circuit") == 3


async def test_what_is_done_about_failures_is_shown() -> None:
    """Retries and why there are no more, what is left of the budget, fallbacks, time-outs."""
    retry = Retry("shown", is_idempotent=True, sleep=lambda _: asyncio.sleep(0))
    await attempt(compose(Fallback("shown", value(42)), retry), ConnectionResetError())
    assert shown("seawall_retries_total", "shown") == 1
    assert shown("seawall_retries_given_up_total", "shown", reason="attempts") == 1
    assert shown("seawall_retry_budget_retries", "shown") == 99
    assert shown("seawall_fallbacks_total", "shown") == 1
    await asyncio.gather(Timeout("shown", 0.01).execute(asyncio.Event().wait), return_exceptions=True)
    assert shown("seawall_timeouts_total", "shown", cause="limit") == 1


async def test_the_share_held_back_is_shown() -> None:
    """Of a throttle."""
    throttle = ClientThrottle("shown", uniform=lambda: 1.0)
    for _ in range(9):
        await attempt(throttle, ConnectionRefusedError())
    assert shown("seawall_throttle_share", "shown") == 0.9
