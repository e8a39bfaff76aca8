"""Orders and sagas that disagree are seen in the metrics, and nothing is repaired."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from seawall.saga import SagaLog
from seawall.sql import open_database, upgrade
from services.orders.adapters.checkout_saga import checkout
from services.orders.adapters.orders_sql import SqlOrders
from services.orders.adapters.reconciliation import CHECKS, Reconciliation
from services.orders.app import MIGRATIONS
from services.orders.domain import Order
from unit.services.orders.fakes import a_wish, an_item


@pytest.fixture
async def database(database_url):
    await upgrade(database_url, MIGRATIONS)
    async with open_database(database_url) as database:
        yield database


@pytest.fixture
def accept(database):
    """Accepts orders that were placed some seconds ago. Returns their ids."""

    async def accepted(*keys, seconds=300):
        placed_at = datetime.now(UTC) - timedelta(seconds=seconds)
        async with SqlOrders(database, SagaLog(checkout())).accepting() as orders:
            made = [replace(Order.of(a_wish(key=key), an_item(), placed_at)) for key in keys]
            return [(await orders.accept(order)).order_id for order in made]

    return accepted


@pytest.fixture
def change(database):
    async def changed(statement, order_id=None):
        async with database.transaction() as connection:
            await connection.execute(text(statement), {"id": order_id} if order_id else {})

    return changed


@pytest.fixture
def job(database):
    """With pages so small that there are many."""
    return Reconciliation(database, page_size=3)


async def found(job):
    """The differences of open orders without saga, of confirmed ones that are not done, of states."""
    await job.run()
    gauge = "shop_reconciliation_differences"
    return tuple(REGISTRY.get_sample_value(gauge, {"check": check}) for check in CHECKS)


async def test_orders_that_agree_with_their_sagas_are_no_differences(job, accept):
    """Open ones too: there is one that runs for each."""
    await accept(*"abcdefgh")
    assert await found(job) == (0, 0, 0)


async def test_an_open_order_without_a_running_saga_is_seen(job, accept, change):
    """Gone, or ended: nobody will take the order to its end."""
    first, second, *_ = await accept(*"abcdefgh")
    await change("DELETE FROM saga WHERE saga_id = :id", first)
    await change("UPDATE saga SET status = 'done' WHERE saga_id = :id", second)
    assert await found(job) == (2, 0, 0)
    assert await found(job) == (2, 0, 0)


async def test_a_confirmed_order_whose_saga_is_not_done_is_seen(job, accept, change):
    """The stock was never marked as sold; the difference goes when that is done."""
    (order,) = await accept("a")
    await change("UPDATE orders SET state = 'confirmed' WHERE order_id = :id", order)
    await change("UPDATE saga SET step = 'commit' WHERE saga_id = :id", order)
    assert await found(job) == (0, 1, 0)
    await change("UPDATE saga SET status = 'done' WHERE saga_id = :id", order)
    assert await found(job) == (0, 0, 0)


async def test_states_that_contradict_each_other_are_seen(job, accept, change):
    """A cancelled order whose saga goes on, and one that waits for another step than its saga."""
    first, second, *_ = await accept(*"abcd")
    await change("UPDATE orders SET state = 'cancelled' WHERE order_id = :id", first)
    await change("UPDATE saga SET step = 'charge' WHERE saga_id = :id", second)
    assert await found(job) == (0, 0, 2)


async def test_an_open_order_is_looked_at_again(job, accept, change):
    """What goes wrong after the first look is seen too."""
    (order,) = await accept("a")
    assert await found(job) == (0, 0, 0)
    await change("DELETE FROM saga WHERE saga_id = :id", order)
    assert await found(job) == (1, 0, 0)


async def test_an_order_is_looked_at_when_it_had_time(job, accept, change):
    """A young one is left for a later run."""
    (order,) = await accept("a", seconds=0)
    await change("DELETE FROM saga WHERE saga_id = :id", order)
    assert await found(job) == (0, 0, 0)
    await change("UPDATE orders SET placed_at = now() - interval '200 s' WHERE order_id = :id", order)
    assert await found(job) == (1, 0, 0)
