"""A circuit shared by replicas through a real Valkey."""

import asyncio

import pytest

from contract.resilience.replica import POLL_SECONDS, SLOW, answer, is_refused, start
from seawall.resilience.circuit import CircuitSettings
from seawall.resilience.circuit_breaker import CircuitBreaker
from seawall.resilience.shared_circuit import SharedCircuit, share_circuit
from seawall.testing import free_port, until
from seawall.valkey import Valkey, ValkeyUnavailable, open_valkey

QUICK = CircuitSettings(least_calls=4, open_seconds=0.05)


async def fail() -> None:
    raise ConnectionResetError


async def fail_often(breaker: CircuitBreaker) -> None:
    for _ in range(4):
        await asyncio.gather(breaker.execute(fail), return_exceptions=True)


@pytest.fixture
async def valkey(valkey_url):
    async with open_valkey(valkey_url) as valkey:
        yield valkey


@pytest.fixture
def replica(valkey: Valkey, unique: str):
    """Makes a storage of one more replica."""
    return lambda: SharedCircuit("db", valkey, key=f"{unique}:circuit")


async def test_what_fails_in_one_process_is_left_alone_by_another(valkey: Valkey, valkey_url, unique) -> None:
    """The other has not made one call that failed."""
    key = f"{unique}:circuit"
    process = await start(valkey_url, key)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"answered\n"
            async with share_circuit("db", valkey, key=key, poll_seconds=POLL_SECONDS) as shared:
                await fail_often(CircuitBreaker("db", SLOW, storage=shared))
                assert await process.stdout.readline() == b"refused\n"
    finally:
        process.kill()
        await process.wait()


async def test_one_replica_probes_for_all(valkey: Valkey, unique: str) -> None:
    """When its probes succeed, the others close too; they need not have probed."""
    key = f"{unique}:circuit"
    async with (
        share_circuit("db", valkey, key=key, poll_seconds=POLL_SECONDS) as first,
        share_circuit("db", valkey, key=key, poll_seconds=POLL_SECONDS) as second,
    ):
        probing, idle = CircuitBreaker("a", QUICK, storage=first), CircuitBreaker("b", SLOW, storage=second)
        await fail_often(probing)
        await until(lambda: is_refused(idle))
        await asyncio.sleep(QUICK.open_seconds)
        for _ in range(3):
            assert await probing.execute(answer) == 42
        await until(lambda: idle.state == "closed")
        assert await idle.execute(answer) == 42


async def test_how_often_it_opened_is_shared(replica) -> None:
    """A replica that joins later goes on where the others are: it stays open for twice as long."""
    first, second = replica(), replica()
    now = 0.0
    breaker = CircuitBreaker("db", SLOW, storage=first, clock=lambda: now, uniform=lambda: 1.0)
    await fail_often(breaker)
    now += 3600
    await asyncio.gather(breaker.execute(fail), return_exceptions=True)
    await first.exchange()
    await second.exchange()
    assert (second.state, second.counter) == ("open", 2)


async def test_of_two_moves_at_once_the_first_counts(replica) -> None:
    """Who moved on from what is no longer stored learns what is; its move is dropped, not the other's."""
    first, second = replica(), replica()
    await first.exchange()
    await second.exchange()
    first.state = "open"
    await first.exchange()
    second.state = "half-open"
    await second.exchange()
    assert (first.state, second.state) == ("open", "open")
    second.state = "half-open"
    await second.exchange()
    await first.exchange()
    assert (first.state, second.state) == ("half-open", "half-open")


async def test_a_move_during_an_exchange_is_not_lost(replica) -> None:
    """It is told by the next one, on top of the one that was under way."""
    first, second = replica(), replica()
    first.state = "open"
    exchange = asyncio.create_task(first.exchange())
    await asyncio.sleep(0)
    first.state = "half-open"
    await exchange
    assert first.state == "half-open"
    await first.exchange()
    await second.exchange()
    assert second.state == "half-open"


async def test_a_server_that_forgot_everything_is_told_again(replica, valkey: Valkey, unique: str) -> None:
    """After a restart without its data, the first replica that comes by writes what it knows."""
    first, second = replica(), replica()
    first.state = "open"
    await first.exchange()
    await valkey.delete(f"{unique}:circuit")
    await first.exchange()
    await second.exchange()
    assert second.state == "open"


async def test_without_valkey_each_replica_goes_by_what_it_sees() -> None:
    """No call waits for it or fails by it, and the breaker opens all the same."""
    async with open_valkey(f"redis://127.0.0.1:{free_port()}/0") as nowhere:
        async with share_circuit("db", nowhere, poll_seconds=POLL_SECONDS) as shared:
            breaker = CircuitBreaker("db", SLOW, storage=shared)
            assert await breaker.execute(answer) == 42
            await fail_often(breaker)
            assert await is_refused(breaker)
        with pytest.raises(ValkeyUnavailable):
            await shared.exchange()
        assert shared.state == "open"
