"""The service as its own process, between a real Kafka, a real PostgreSQL and the simulated provider."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from integration.inventory.namespaced import namespaced
from integration.payments import process
from integration.payments.harness import EVENTS, charge_command, void_command
from seawall.messaging import decode
from seawall.sql import open_database
from seawall.testing import until
from services.payments.adapters.events import TOPIC as EVENTS_TOPIC
from services.payments.app import TOPICS
from services.psp_simulator.behaviour import Constant
from shop.payments.v1.payments_pb2 import PaymentCharged, PaymentDeclined, PaymentVoided

START_SECONDS = 30


@pytest.fixture
async def broker(kafka_url, unique):
    """This test's corner of the broker, with payments' topics."""
    async with namespaced(unique)(kafka_url, client="test") as broker:
        await broker.ensure_topics(TOPICS)
        yield broker


@pytest.fixture
async def events(broker, unique):
    """What payments tells of this test's orders, by order; each message id once."""
    told: dict[str, list[Any]] = {}
    seen: set[str] = set()

    async def collect(messages):
        for message in messages:
            if message.id not in seen:
                seen.add(message.id)
                told.setdefault(message.key, []).append(decode(message, *EVENTS))

    task = asyncio.create_task(broker.subscriber([EVENTS_TOPIC], "test").run(collect))
    yield told
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def publish(broker):
    """Publishes commands."""
    async with broker.publisher() as publisher:
        yield publisher.publish


@pytest.fixture
def replica(database_url, kafka_url, provider, unique):
    """Starts a process of the service."""
    return partial(_replica, unique, database_url, kafka_url, provider.url)


@asynccontextmanager
async def _replica(prefix, database_url, kafka_url, provider_url):
    """Ended by SIGTERM if it still runs; its exit code is checked."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SEAWALL_")},
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "SEAWALL_DATABASE_URL": database_url,
        "SEAWALL_BROKER_URL": kafka_url,
        "SEAWALL_PROVIDER_URL": provider_url,
        "SEAWALL_LEASE_SECONDS": "2",
        "SEAWALL_DRAIN_SECONDS": "1",
    }
    child = await asyncio.create_subprocess_exec(
        sys.executable, process.__file__, prefix, env=environment, stdout=asyncio.subprocess.PIPE
    )
    reading = asyncio.create_task(_until_ready(child))
    try:
        async with asyncio.timeout(START_SECONDS):
            await asyncio.shield(reading)
        yield child
    finally:
        if child.returncode is None:
            child.terminate()
        await child.communicate()
    assert child.returncode in (0, -signal.SIGKILL)


async def _until_ready(child):
    async for line in child.stdout:
        if b'"ready"' in line:
            return
    raise AssertionError("the service ended before it was ready")


async def test_commands_from_kafka_are_answered_on_kafka(replica, provider, publish, events, unique):
    """Charge, decline and void, each told once; the process ends with 0 on SIGTERM."""
    paid, poor, gone = f"{unique}-paid", f"{unique}-poor", f"{unique}-gone"
    async with replica():
        await publish([charge_command(paid), void_command(gone)])
        await until(lambda: {paid, gone} <= events.keys(), timeout_seconds=30)
        provider.behave(latency=Constant(ms=0), decline_rate=1)
        await publish([charge_command(poor), charge_command(gone)])
        await until(lambda: poor in events and len(events[gone]) == 2, timeout_seconds=30)
    (charge,) = [charge for charge in provider.charges() if charge.reference == paid]
    assert events[paid] == [PaymentCharged(order_id=paid, charge_id=charge.charge_id)]
    assert events[poor] == [PaymentDeclined(order_id=poor, reason="declined")]
    assert events[gone] == [
        PaymentVoided(order_id=gone),
        PaymentDeclined(order_id=gone, reason="voided"),
    ]


async def test_a_replica_that_is_killed_loses_and_doubles_nothing(
    replica, database_url, provider, publish, events, unique
):
    """kill -9 with charges under way: another process makes each of them exactly once."""
    orders = [f"{unique}-{number}" for number in range(100)]
    provider.behave(latency=Constant(ms=400), timeout_after_charge_rate=0.1)
    async with replica() as victim:
        await publish([charge_command(order) for order in orders])
        await until(lambda: len(provider.charges()) >= 20, timeout_seconds=30)
        victim.kill()
        await victim.wait()
    assert await _under_way(database_url) > 0
    provider.behave(latency=Constant(ms=5))
    async with replica():
        await until(lambda: len(events) == len(orders), timeout_seconds=60)
    assert sorted(charge.reference for charge in provider.charges()) == sorted(orders)
    assert all([type(event) for event in told] == [PaymentCharged] for told in events.values())


async def _under_way(database_url):
    async with open_database(database_url) as database, database.connection() as connection:
        counted = await connection.execute(text("SELECT count(*) FROM charges WHERE state <> 'charged'"))
        return counted.scalar_one()
