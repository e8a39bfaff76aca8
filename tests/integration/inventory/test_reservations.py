"""Ledger and hold counters together: whatever dies, nothing is oversold, and they agree in the end."""

import asyncio
import random
from dataclasses import replace

import pytest

from integration.inventory.replica import replica
from seawall.testing import free_port, until
from services.inventory.domain import Command, Commit, Release, Reserve
from unit.services.inventory.fakes import a_sale, a_wish


@pytest.fixture
def wish(unique):
    return lambda *arguments, **named: a_wish(*arguments, sale_id=unique, **named)


async def reserved_and_sold(one, sale_id):
    item = (await one.ledger.items(sale_id))[0]
    return item.reserved, item.sold


async def test_a_single_item_is_sold_once(one, other, unique, wish):
    """Hundreds of customers at two replicas want the only one there is."""
    await one.schedule(a_sale(unique, stock=1))
    batches = [[wish(f"o{batch}-{number}") for number in range(20)] for batch in range(20)]
    replicas = [one, other]
    await asyncio.gather(*(replicas[i % 2].purchase(batch) for i, batch in enumerate(batches)))
    assert await reserved_and_sold(one, unique) == (1, 0)
    assert await one.left(unique) == (0, 0)


async def test_the_ledger_does_not_oversell_whatever_was_held(one, other, unique, wish):
    """Reservations without any hold race for the stock; the counters follow."""
    await one.schedule(a_sale(unique, stock=5))
    orders = [wish(f"o{number}") for number in range(60)]
    replicas = [one, other]
    await asyncio.gather(*(replicas[i % 2].deliver(Reserve(order)) for i, order in enumerate(orders)))
    assert await reserved_and_sold(one, unique) == (5, 0)
    assert await one.left(unique) == (0, 0)


async def test_the_cap_holds_across_replicas(one, other, unique, wish):
    """One customer sends the same wish under many keys, everywhere at once."""
    await one.schedule(a_sale(unique, stock=100, cap=3))
    orders = [wish(f"o{number}", 1, "ann") for number in range(40)]
    replicas = [one, other]
    await asyncio.gather(*(replicas[i % 2].deliver(Reserve(order)) for i, order in enumerate(orders)))
    assert await reserved_and_sold(one, unique) == (3, 0)


class _Crash(Exception):
    pass


class CrashingHolds:
    """Counters that are never told: the process dies between the commit and the call."""

    async def settle(self, positions):
        raise _Crash


async def test_a_crash_after_the_commit_is_healed_by_redelivery(one, other, unique, wish):
    """The messages come again, to any replica, and the counters catch up."""
    await one.schedule(a_sale(unique, stock=10))
    await one.take(wish("o1", 2), wish("o2", 3), wish("o3", 1))
    commands = [Reserve(wish("o1", 2)), Reserve(wish("o2", 3)), Release(wish("o3", 1))]
    with pytest.raises(_Crash):
        await replace(one, holds=CrashingHolds()).deliver(*commands)
    assert await reserved_and_sold(one, unique) == (5, 0)
    await other.deliver(*commands)
    assert await other.left(unique) == (5, 5)


async def test_redelivery_in_any_order_ends_the_same(one, other, unique, wish):
    """Whole batches are repeated by a replica that lags behind."""
    await one.schedule(a_sale(unique, stock=10))
    first, second = wish("o1", 2), wish("o2", 3)
    batches: list[list[Command]] = [[Reserve(first)], [Commit("o1"), Reserve(second)], [Release(second)]]
    for batch in batches:
        await one.deliver(*batch)
    for batch in random.sample(batches, 3):
        await other.deliver(*batch)
    assert await reserved_and_sold(one, unique) == (0, 2)
    assert await one.left(unique) == (8, 8)


async def test_a_release_may_overtake_the_reservation(one, unique, wish):
    """The hold is given back, and the reservation is refused when it comes."""
    await one.schedule(a_sale(unique, stock=3))
    await one.take(wish("o1", 2))
    await one.deliver(Release(wish("o1", 2)))
    await one.deliver(Reserve(wish("o1", 2)))
    assert await one.left(unique) == (3, 3)


async def test_lost_counters_come_back_while_orders_go_on(one, other, unique, wish):
    """Valkey loses its data again and again; once it is quiet the counters are those of the ledger."""
    await one.schedule(a_sale(unique, stock=150, cap=1_000))
    replicas = [one, other]

    async def customers(worker):
        for number in range(25):
            order = wish(f"o{worker}-{number}", random.randint(1, 3))
            await replicas[number % 2].purchase([order])
            if number % 3 == 0:
                await replicas[worker % 2].deliver(Release(order))

    async def accidents():
        for _ in range(15):
            await asyncio.sleep(0.02)
            await one.lose_counters(unique)

    await asyncio.gather(accidents(), *map(customers, range(8)))
    await one.take(wish("last"))
    await one.deliver(Release(wish("last")))
    counted, left = await one.left(unique)
    assert counted == left >= 0


async def test_without_valkey_orders_go_on_and_the_counters_catch_up(one, migrated_url, unique, wish):
    """Holds are answered from the ledger; what the counters missed is told when they are back."""
    await one.schedule(a_sale(unique, stock=3))
    async with replica(migrated_url, f"redis://127.0.0.1:{free_port()}/0") as cut_off:
        assert await cut_off.take(wish("o1", 2), wish("o2", 4)) == ["o1"]
        await cut_off.purchase([wish("o1", 2)])
        await cut_off.purchase([wish("o3", 2)])
        await cut_off.deliver(Commit("o1"))
    assert await one.left(unique) == (3, 1)
    assert await one.repay() == 1
    assert await one.left(unique) == (1, 1)


async def test_holds_lapse_and_their_late_reservation_still_counts(migrated_url, valkey_url, unique, wish):
    """Units of a lapsed hold are free; the ledger may yet reserve them if they are still there."""
    async with replica(migrated_url, valkey_url, hold_seconds=0.05) as hasty:
        await hasty.schedule(a_sale(unique, stock=2))
        assert await hasty.take(wish("o1", 2)) == ["o1"]
        assert await hasty.left(unique) == (0, 2)
        await until(lambda: hasty.holds.lapse(unique))
        assert await hasty.left(unique) == (2, 2)
        await hasty.deliver(Reserve(wish("o1", 2)))
        assert await hasty.left(unique) == (0, 0)
