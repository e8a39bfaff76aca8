"""The wall clock of the one process of orders jumps by an hour while it works: nobody notices."""

import json
import time
from datetime import datetime

import aiohttp
import pytest

from integration.orders import process
from integration.shifted_clock import LIBRARIES, ShiftedClock
from seawall.testing import free_port, until
from shop.payments.v1 import payments_pb2

HOUR_SECONDS = 3600
# The sale is open for less than an hour in both directions: by a clock that jumped it is not.
OPEN_SECONDS = 1200

pytestmark = pytest.mark.skipif(not LIBRARIES, reason="no libfaketime; apt-get install libfaketime")


@pytest.fixture
def clock(tmp_path):
    return ShiftedClock(tmp_path)


@pytest.fixture
async def orders(clock, unique, tmp_path, database_url, kafka_url, world_and_port):
    """The service as a process, and a client of it."""
    world, inventory_port = world_and_port
    port = free_port()
    running = process.start(
        unique,
        tmp_path / "log",
        clock.environment,
        database_url=database_url,
        broker_url=kafka_url,
        inventory_target=f"127.0.0.1:{inventory_port}",
        host="127.0.0.1",
        port=port,
    )
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
            await until(lambda: is_ready(client), timeout_seconds=60)
            now_ms = int(time.time() * 1000)
            window_ms = OPEN_SECONDS * 1000
            await world.announce("open", now_ms - window_ms, now_ms + window_ms)
            yield client
    finally:
        running.kill()
        running.wait()


async def is_ready(client):
    try:
        async with client.get("/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def place(client, key):
    """The id of an accepted order, or None."""
    headers = {"x-customer-id": "ann", "Idempotency-Key": key}
    body = {"sku": "mug", "quantity": 1}
    async with client.post("/v1/sales/open/orders", json=body, headers=headers) as answer:
        return (await answer.json())["order_id"] if answer.status == 202 else None


def clock_of_the_log(log):
    """When the last line was written, by the process's own clock."""
    return datetime.fromisoformat(json.loads(log.read_text().splitlines()[-1])["time"]).timestamp()


@pytest.mark.parametrize("jump_seconds", [HOUR_SECONDS, -HOUR_SECONDS])
async def test_a_clock_that_jumps_changes_nothing(clock, orders, world, tmp_path, jump_seconds):
    """Sales stay open, orders are confirmed, charges get their time, messages their true age."""
    before = await until(lambda: place(orders, "before"), timeout_seconds=30)
    await until(lambda: world.kinds(before)["OrderConfirmed"], timeout_seconds=30)
    clock.jump(jump_seconds)
    after = await place(orders, "after")
    assert after is not None
    await until(lambda: world.kinds(after)["OrderConfirmed"], timeout_seconds=30)
    ahead_seconds = clock_of_the_log(tmp_path / "log") - time.time()
    assert abs(ahead_seconds - jump_seconds) < HOUR_SECONDS / 2, "the clock has not jumped"
    now_ms = time.time() * 1000
    charge = next(
        event
        for about, event in world.seen
        if about == after and isinstance(event, payments_pb2.ChargePayment)
    )
    assert abs(charge.deadline_ms - now_ms) < HOUR_SECONDS * 1000 / 2
    assert all(abs(message.time_ms - now_ms) < HOUR_SECONDS * 1000 / 2 for message in world.messages)
