"""A difference planted in a store is seen in the metrics, and nothing is repaired."""

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from seawall.sql import open_database
from services.inventory.adapters.reconciliation import COUNTERS, RESERVATIONS, Reconciliation
from services.inventory.domain import Release, Reserve
from unit.services.inventory.fakes import a_sale, a_wish


def differences(check):
    return REGISTRY.get_sample_value("shop_reconciliation_differences", {"check": check})


@pytest.fixture
async def database(migrated_url):
    async with open_database(migrated_url) as database:
        yield database


@pytest.fixture
async def orders(one, unique):
    """A sale with three orders, told to the counters."""
    await one.schedule(a_sale(unique, skus=("mug", "cup")))
    wishes = [a_wish(f"o{n}", 2, sale_id=unique) for n in range(3)]
    await one.purchase(wishes)
    return wishes


@pytest.fixture
def job(database, one, orders):
    return Reconciliation(database, one.valkey)


async def at_rest(job):
    """The first run sees a sale, the second one that nothing has happened to it."""
    await job.run()
    await job.run()
    return differences(RESERVATIONS), differences(COUNTERS)


async def test_stores_that_agree_have_no_differences(job):
    """The gauges are there, at zero."""
    assert await at_rest(job) == (0, 0)


async def test_a_ledger_that_does_not_add_up_is_seen_and_left_alone(job, database, one, unique):
    """Units that no reservation explains; the counters then differ, too. Once mended they are gone."""
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE ledger SET reserved = reserved + 1 WHERE sku = 'mug'"))
    assert await at_rest(job) == (1, 1)
    assert (await one.ledger.items(unique))[1].reserved == 7
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE ledger SET reserved = reserved - 1 WHERE sku = 'mug'"))
    assert await at_rest(job) == (0, 0)


async def test_a_reservation_that_is_lost_is_seen_at_the_next_full_look(database, one, orders):
    """The ledger did not move, so it is not read again until it is due."""
    now = 0.0
    job = Reconciliation(database, one.valkey, recheck_seconds=600, clock=lambda: now)
    assert await at_rest(job) == (0, 0)
    async with database.transaction() as connection:
        await connection.execute(text("DELETE FROM reservations WHERE order_id = 'o1'"))
    assert await at_rest(job) == (0, 0)
    now = 601.0
    assert await at_rest(job) == (1, 0)


async def test_a_counter_that_is_off_is_seen(job, one, unique):
    """One unit too many in Valkey: found, and still there afterwards."""
    await one.valkey.execute("HINCRBY", f"inventory:{{{unique}}}:available", "cup", 1)
    assert await at_rest(job) == (0, 1)
    assert await at_rest(job) == (0, 1)


async def test_a_sale_with_holds_is_not_compared_with_its_counters(job, one, unique):
    """What is held is missing in the counters and not in the ledger: no difference."""
    await one.take(a_wish("held", sale_id=unique))
    assert await at_rest(job) == (0, 0)
    await one.valkey.execute("HINCRBY", f"inventory:{{{unique}}}:available", "cup", 1)
    assert await at_rest(job) == (0, 0)


async def test_counters_that_are_lost_are_no_difference(job, one, unique):
    """They are rebuilt when somebody asks."""
    await one.lose_counters(unique)
    assert await at_rest(job) == (0, 0)


async def test_a_sale_that_moves_is_left_for_the_next_run(job, one, unique, orders):
    """What was committed and not told yet is no difference."""
    await job.run()
    await one.deliver(Release(orders[0]))
    await job.run()
    await one.deliver(Reserve(a_wish("o9", sale_id=unique)))
    assert await at_rest(job) == (0, 0)
