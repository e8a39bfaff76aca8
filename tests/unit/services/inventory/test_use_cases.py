"""Holds and reservations together, with everything in memory."""

import asyncio
from functools import partial

import pytest

from services.inventory import use_cases
from services.inventory.domain import ItemStock, Refusal, Refused, Release, Reserve, Reserved
from services.inventory.ports import Delivery
from unit.services.inventory.fakes import InMemoryHolds, InMemoryLedger, a_sale, a_wish


@pytest.fixture
async def ports():
    ledger, holds = InMemoryLedger(), InMemoryHolds()
    await use_cases.schedule_sales([a_sale(stock=2, cap=2)], ledger=ledger, holds=holds)
    return {"ledger": ledger, "holds": holds}


def taking(ports):
    """What take_holds needs besides the wishes."""
    return {**ports, "loads": use_cases.Loads(**ports)}


def delivered(*commands, name="m"):
    return [Delivery(command, f"{name}{index}", "orders") for index, command in enumerate(commands)]


async def available(ports):
    return (await use_cases.stock_of("sale", **ports))[0].available


async def test_holds_of_several_sales_are_answered_in_order(ports):
    """Each sale is decided by itself; the answers keep the order of the wishes."""
    await use_cases.schedule_sales([a_sale("other", stock=1)], **ports)
    wishes = [a_wish("o1", 2), a_wish("o2", sale_id="other"), a_wish("o3"), a_wish("o4", sale_id="nowhere")]
    answers = await use_cases.take_holds(wishes, **taking(ports))
    assert answers == [None, None, Refusal.SOLD_OUT, Refusal.UNKNOWN_ITEM]


async def test_a_hold_becomes_a_reservation_and_counts_once(ports):
    """The units of a hold are those of its reservation."""
    wish = a_wish("o1")
    assert await use_cases.take_holds([wish], **taking(ports)) == [None]
    await use_cases.apply_commands(delivered(Reserve(wish)), **ports)
    assert await available(ports) == 1


async def test_a_refused_reservation_gives_its_hold_back(ports):
    """The ledger may refuse what was held; the units are then free again."""
    await use_cases.take_holds([a_wish("o1", 2)], **taking(ports))
    await use_cases.apply_commands(delivered(Reserve(a_wish("late", 1))), **ports)
    await use_cases.apply_commands(delivered(Reserve(a_wish("o1", 2)), name="n"), **ports)
    assert ports["ledger"].events == [Reserved("late"), Refused("o1", Refusal.SOLD_OUT)]
    assert await available(ports) == 1


async def test_without_counters_the_ledger_answers(ports):
    """Holds are then admitted by what is reserved, and the stock is shown from the ledger."""
    await use_cases.apply_commands(delivered(Reserve(a_wish("o1"))), **ports)
    ports["holds"].available = False
    answers = await use_cases.take_holds([a_wish("o2"), a_wish("o3", 2)], **taking(ports))
    assert answers == [None, Refusal.SOLD_OUT]
    assert await use_cases.stock_of("sale", **ports) == [ItemStock("mug", 1, 2)]


async def test_what_the_counters_missed_is_told_later(ports):
    """Reservations go on without the counters, which catch up when they are back."""
    ports["holds"].available = False
    await use_cases.apply_commands(delivered(Reserve(a_wish("o1")), Reserve(a_wish("o2"))), **ports)
    await use_cases.apply_commands(delivered(Release(a_wish("o2")), name="n"), **ports)
    ports["holds"].available = True
    assert await available(ports) == 2
    assert await use_cases.repay_holds(**ports) == 2
    assert await available(ports) == 1


async def test_lost_counters_are_filled_from_the_ledger(ports):
    """The next hold finds what is really left."""
    await use_cases.apply_commands(delivered(Reserve(a_wish("o1"))), **ports)
    ports["holds"].sales.clear()
    answers = await use_cases.take_holds([a_wish("o2"), a_wish("o3")], **taking(ports))
    assert answers == [None, Refusal.SOLD_OUT]


async def test_what_is_settled_during_a_load_is_not_lost(ports):
    """A reservation and a release that commit while the ledger is read are in the counters."""
    ledger, holds = ports["ledger"], ports["holds"]
    await use_cases.apply_commands(delivered(Reserve(a_wish("o1"))), **ports)
    holds.sales.clear()
    assert await holds.begin_load("sale", "t")
    pages = [page async for page in ledger.kept("sale")]
    commands = delivered(Release(a_wish("o1")), Reserve(a_wish("o2", 2)), name="n")
    await use_cases.apply_commands(commands, **ports)
    for page in pages:
        assert await holds.load("sale", "t", page)
    assert await holds.finish_load("sale", "t", await ledger.items("sale"))
    assert await available(ports) == 0


async def test_one_of_many_loads_and_the_others_wait(ports):
    """Everybody who finds the counters empty gets an answer from the filled ones."""
    ports["holds"].sales.clear()
    answers = await asyncio.gather(
        *(use_cases.take_holds([a_wish(f"o{index}")], **taking(ports)) for index in range(5))
    )
    assert sorted(answers, key=str).count([None]) == 2


async def test_a_message_counts_once(ports):
    """A repeated delivery changes nothing, but is told to the counters again."""
    deliveries = delivered(Reserve(a_wish("o1")))
    await use_cases.apply_commands(deliveries, **ports)
    ports["holds"].sales["sale"].kept.clear()
    await use_cases.apply_commands(deliveries, **ports)
    assert ports["ledger"].events == [Reserved("o1")]
    assert await available(ports) == 1


async def test_holds_without_an_order_lapse(ports):
    """A periodic job gives the units back."""
    lapsing = InMemoryHolds(ports["holds"].sales, lapsing=True)
    await use_cases.take_holds([a_wish("o1", 2)], **taking({**ports, "holds": lapsing}))
    assert await available(ports) == 0
    assert await use_cases.sweep_sales(**taking(ports)) == 1
    assert await available(ports) == 2


async def test_counters_that_were_lost_are_filled_before_anybody_asks(ports):
    """The periodic job finds them gone, and reads the ledger."""
    await use_cases.apply_commands(delivered(Reserve(a_wish("o1"))), **ports)
    ports["holds"].sales.clear()
    assert await use_cases.sweep_sales(**taking(ports)) == 0
    assert await ports["holds"].stock("sale") == [ItemStock("mug", 1, 2)]


class SlowLedger(InMemoryLedger):
    """A ledger with so many orders that reading them takes until `read` is set."""

    def __init__(self):
        super().__init__()
        self.read = asyncio.Event()

    async def kept(self, sale_id):
        await self.read.wait()
        async for page in super().kept(sale_id):
            yield page


async def test_a_long_load_goes_on_when_its_caller_leaves():
    """Meanwhile the ledger answers; in the end the counters are filled."""
    ledger, holds = SlowLedger(), InMemoryHolds()
    await ledger.schedule([a_sale(stock=2)])
    loads = use_cases.Loads(ledger, holds, patience_seconds=0.01)
    take = partial(use_cases.take_holds, ledger=ledger, holds=holds, loads=loads)
    answers = await take([a_wish("o1", 3), a_wish("o2")])
    assert answers == [Refusal.SOLD_OUT, None]
    gone = asyncio.create_task(take([a_wish("o3")]))
    await asyncio.sleep(0)
    gone.cancel()
    ledger.read.set()
    assert await loads.load("sale")
    assert await holds.stock("sale") == [ItemStock("mug", 2, 2)]
