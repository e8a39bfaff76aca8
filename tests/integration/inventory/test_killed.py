"""Inventory is killed while it works: nothing is lost, done twice, or left behind in the counters."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from integration.inventory import process
from integration.inventory.replica import replica
from seawall.testing import until
from shop.inventory.v1 import inventory_pb2

ORDERS = [f"o{number}" for number in range(300)]
STOCK = 120


@pytest.fixture
def start(unique, tmp_path, database_url, valkey_url, kafka_url):
    """Starts a replica as a process of its own."""
    replicas = []

    def started(**more):
        settings = {"database_url": database_url, "valkey_url": valkey_url, "broker_url": kafka_url, **more}
        replicas.append(process.start(unique, tmp_path / "log", **settings))
        return replicas[-1]

    yield started
    for one in replicas:
        process.kill(one)


@pytest.mark.parametrize("several", ["replicas", "workers"])
async def test_one_that_is_killed_leaves_no_trace(shop, start, database_url, valkey_url, tmp_path, several):
    """Of two replicas, or of two workers of one, one dies in the middle of the orders, the other finishes
    them; every order is answered for good, and ledger, reservations and counters agree."""
    kill = kill_one_of(start, several)
    await shop.schedule(stock=STOCK)
    log = tmp_path / "log"
    await until(lambda: log.exists() and log.read_text().count('"ready"') == 2, timeout_seconds=30)

    async def orders_come():
        for first in range(0, len(ORDERS), 10):
            batch = ORDERS[first : first + 10]
            await shop.send(*map(shop.reserve, batch))
            await shop.send(*(shop.release(order_id) for order_id in batch[::5]))
            await asyncio.sleep(0.02)

    coming = asyncio.create_task(orders_come())
    await until(lambda: len(shop.answers(inventory_pb2.StockReserved)) >= 20, timeout_seconds=30)
    kill()
    await coming
    released = ORDERS[::5]
    await until(lambda: len(answered(shop)) == len(ORDERS) + len(released), timeout_seconds=60)

    async with replica(database_url, valkey_url) as one:

        async def agrees():
            return await told(one, shop) and await one.left(shop.sale_id)

        counted, left = await until(agrees)
        (item,) = await one.ledger.items(shop.sale_id)
        kept = [p.wish.order_id async for page in one.ledger.kept(shop.sale_id) for p in page]
    assert counted == left
    assert (item.reserved, item.sold) == (len(kept), 0)
    assert set(kept) == set(shop.answers(inventory_pb2.StockReserved)) - set(released)
    assert len(set(shop.answers(inventory_pb2.StockReserved))) >= len(kept) <= STOCK


def kill_one_of(start, several):
    """Starts two, and returns what kills one of them."""
    if several == "replicas":
        victim, _ = start(), start()
        return lambda: process.kill(victim)
    parent = start(workers=2)

    def kill_worker():
        first, _ = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        os.kill(int(first), signal.SIGKILL)

    return kill_worker


def answered(shop):
    """Orders and what they were answered: an order may be reserved and released."""
    reserve = (inventory_pb2.StockReserved, inventory_pb2.StockRefused)
    return {(event.order_id, isinstance(event, reserve)) for event in shop.events}


async def told(one, shop):
    """Whether the counters have been told all: it follows the last answer at once."""
    counted, left = await one.left(shop.sale_id)
    return counted == left
