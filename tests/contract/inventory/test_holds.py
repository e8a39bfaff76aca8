"""The contract of the Holds port: the same suite on the model in memory and on Valkey."""

import asyncio

import pytest

from seawall.testing import free_port
from seawall.valkey import open_valkey
from services.inventory.adapters.holds_valkey import ValkeyHolds
from services.inventory.domain import ItemStock, Position, Refusal
from services.inventory.ports import HoldsUnavailable, SaleNotLoaded
from unit.services.inventory.fakes import InMemoryHolds, a_sale, a_wish

LONG_SECONDS = 3_600.0


async def open_sale(holds, sale):
    assert await holds.begin_load(sale.sale_id, "token")
    assert await holds.finish_load(sale.sale_id, "token", sale.items)


class HoldsContract:
    """What hold counters promise. `holds` keep theirs; those taken by `lapsing` lapse at the next call."""

    @pytest.fixture
    async def sale(self, holds, unique):
        sale = a_sale(unique, stock=3, cap=2, skus=("cup", "mug"))
        await open_sale(holds, sale)
        return sale

    @pytest.fixture
    def wish(self, unique):
        return lambda *arguments, **named: a_wish(*arguments, sale_id=unique, **named)

    @staticmethod
    async def mugs(holds, sale):
        return (await holds.stock(sale.sale_id))[1].available

    async def test_stock_is_shown_by_sku(self, holds, sale):
        """All items in the order of their sku, with what is left and what there was."""
        assert await holds.stock(sale.sale_id) == [ItemStock("cup", 3, 3), ItemStock("mug", 3, 3)]

    async def test_a_batch_is_decided_in_its_order(self, holds, sale, wish):
        """The first come are served; an order that does not fit leaves the rest to the next."""
        batch = [wish("o1", 2), wish("o2", 2), wish("o3", 1), wish("o4", 1), wish("o5", sku="hat")]
        sold_out = Refusal.SOLD_OUT
        assert await holds.take(sale.sale_id, batch) == [None, sold_out, None, sold_out, Refusal.UNKNOWN_ITEM]
        assert await self.mugs(holds, sale) == 0

    async def test_the_cap_counts_holds_and_reservations_per_item(self, holds, sale, wish):
        """A customer's units of another item do not count, those of a released order neither."""
        first = wish("o1", 2, "ann")
        assert await holds.take(sale.sale_id, [first, wish("o2", 1, "ann")]) == [None, Refusal.CUSTOMER_CAP]
        await holds.settle([Position(first, kept=True)])
        assert await holds.take(sale.sale_id, [wish("o2", 1, "ann")]) == [Refusal.CUSTOMER_CAP]
        assert await holds.take(sale.sale_id, [wish("o3", 1, "ann", "cup")]) == [None]
        await holds.settle([Position(first, kept=False)])
        assert await holds.take(sale.sale_id, [wish("o2", 1, "ann")]) == [None]

    async def test_a_hold_is_idempotent(self, holds, sale, wish):
        """The same order takes its units once, also after it is reserved."""
        for _ in range(2):
            assert await holds.take(sale.sale_id, [wish("o1", 2)]) == [None]
        await holds.settle([Position(wish("o1", 2), kept=True)])
        assert await holds.take(sale.sale_id, [wish("o1", 2)]) == [None]
        assert await self.mugs(holds, sale) == 1

    async def test_a_hold_can_be_asked_for_something_else(self, holds, sale, wish):
        """The order's old units are given back before the new ones are taken."""
        await holds.take(sale.sale_id, [wish("o1", 2)])
        assert await holds.take(sale.sale_id, [wish("o1", 1, sku="cup")]) == [None]
        assert [item.available for item in await holds.stock(sale.sale_id)] == [2, 3]

    async def test_the_ledger_is_followed_whatever_was_held(self, holds, sale, wish):
        """A reservation of something else than the hold counts as it is in the ledger."""
        await holds.take(sale.sale_id, [wish("o1", 2)])
        await holds.settle([Position(wish("o1", 1, sku="cup"), kept=True)])
        assert [item.available for item in await holds.stock(sale.sale_id)] == [2, 3]

    async def test_a_hold_lapses(self, holds, lapsing, sale, wish):
        """Its units are free for the next call, and the order may try again."""
        assert await lapsing.take(sale.sale_id, [wish("o1", 2)]) == [None]
        assert await holds.take(sale.sale_id, [wish("o2", 2), wish("o1", 1)]) == [None, None]

    async def test_lapsed_holds_are_swept(self, holds, lapsing, sale, wish):
        """A sweep gives the units back once."""
        await lapsing.take(sale.sale_id, [wish("o1", 2)])
        assert await holds.lapse(sale.sale_id) == 1
        assert await holds.lapse(sale.sale_id) == 0
        assert await self.mugs(holds, sale) == 3

    async def test_a_reservation_does_not_lapse(self, holds, lapsing, sale, wish):
        """What is settled has no deadline, even if its hold had lapsed before."""
        await lapsing.take(sale.sale_id, [wish("o1", 1), wish("o2", 1)])
        await holds.settle([Position(wish("o1", 1), kept=True)])
        await holds.lapse(sale.sale_id)
        await holds.settle([Position(wish("o2", 1), kept=True)])
        assert await holds.lapse(sale.sale_id) == 0
        assert await self.mugs(holds, sale) == 1

    async def test_given_back_is_final(self, holds, sale, wish):
        """A late word of a reservation, and a new hold, are refused to a released order."""
        for kept in (True, False, True, False):
            await holds.settle([Position(wish("o1", 2), kept=kept)])
        assert await holds.take(sale.sale_id, [wish("o1", 2)]) == [Refusal.RELEASED]
        assert await self.mugs(holds, sale) == 3

    async def test_more_may_be_reserved_than_was_left_to_hold(self, holds, sale, wish):
        """The ledger knows no holds: the count goes below zero, shows as zero, and comes back."""
        await holds.take(sale.sale_id, [wish("o1", 2)])
        await holds.settle([Position(wish("o2", 2), kept=True)])
        assert await self.mugs(holds, sale) == 0
        await holds.settle([Position(wish("o1", 2), kept=False)])
        assert await self.mugs(holds, sale) == 1

    async def test_an_unknown_sale_is_not_loaded(self, holds, unique, wish):
        """Nothing can be taken, shown or swept; settling does nothing."""
        with pytest.raises(SaleNotLoaded):
            await holds.take(unique, [wish("o1")])
        with pytest.raises(SaleNotLoaded):
            await holds.stock(unique)
        with pytest.raises(SaleNotLoaded):
            await holds.lapse(unique)
        await holds.settle([Position(wish("o1"), kept=True)])

    async def test_a_sale_is_loaded_once(self, holds, sale):
        """Neither a loaded sale nor one that somebody loads can be begun."""
        assert not await holds.begin_load(sale.sale_id, "other")
        assert not await holds.load(sale.sale_id, "other", [])
        assert not await holds.finish_load(sale.sale_id, "other", sale.items)

    async def test_a_load_meets_what_is_settled_meanwhile(self, holds, unique, wish):
        """Orders of the load and orders settled during it count once; what was given back stays so."""
        sale = a_sale(unique, stock=10, skus=("mug",))
        assert await holds.begin_load(unique, "token")
        with pytest.raises(SaleNotLoaded):
            await holds.take(unique, [wish("o9")])
        both, gone, late = wish("o1", 2), wish("o2", 3), wish("o3", 1)
        await holds.settle([Position(both, kept=True), Position(gone, kept=False), Position(late, kept=True)])
        assert await holds.load(unique, "token", [Position(both, kept=True), Position(gone, kept=True)])
        assert await holds.finish_load(unique, "token", sale.items)
        assert await holds.stock(unique) == [ItemStock("mug", 7, 10)]

    async def test_many_concurrent_holds_take_no_more_than_there_is(self, holds, unique, wish):
        """As many get a hold as there are units."""
        await open_sale(holds, a_sale(unique, stock=7))
        batches = [[wish(f"o{b}-{index}") for index in range(5)] for b in range(10)]
        answers = await asyncio.gather(*(holds.take(unique, batch) for batch in batches))
        assert sum(answer is None for batch in answers for answer in batch) == 7


class TestInMemoryHolds(HoldsContract):
    @pytest.fixture
    def holds(self):
        return InMemoryHolds()

    @pytest.fixture
    def lapsing(self, holds):
        return InMemoryHolds(holds.sales, lapsing=True)


class TestValkeyHolds(HoldsContract):
    @pytest.fixture
    async def valkey(self, valkey_url):
        async with open_valkey(valkey_url) as valkey:
            yield valkey

    @pytest.fixture
    def holds(self, valkey):
        return ValkeyHolds(valkey, hold_seconds=LONG_SECONDS)

    @pytest.fixture
    def lapsing(self, valkey):
        return ValkeyHolds(valkey, hold_seconds=0)

    async def test_the_available_units_are_a_plain_hash(self, holds, sale, valkey, wish):
        """Others may read the counters: one field per sku."""
        await holds.take(sale.sale_id, [wish("o1", 2)])
        key = f"inventory:{{{sale.sale_id}}}:available"
        assert await valkey.hgetall(key) == {"cup": "3", "mug": "1"}

    async def test_nothing_but_the_orders_is_left_of_released_ones(self, holds, sale, valkey, wish):
        """Customers and deadlines are removed with the last unit."""
        await holds.take(sale.sale_id, [wish("o1", 2), wish("o2", 1)])
        await holds.settle([Position(wish("o1", 2), kept=False), Position(wish("o2", 1), kept=False)])
        names = ("customers", "deadlines")
        assert await valkey.exists(*(f"inventory:{{{sale.sale_id}}}:{name}" for name in names)) == 0

    async def test_a_clock_that_went_back_keeps_no_hold(self, lapsing, sale, valkey, wish):
        """A deadline from before the server's clock was set comes as a new one would."""
        await lapsing.take(sale.sale_id, [wish("o1", 2)])
        key = f"inventory:{{{sale.sale_id}}}:deadlines"
        before = int(await valkey.execute("ZINCRBY", key, 3_600_000, "o1"))
        assert await lapsing.lapse(sale.sale_id) == 0
        assert before - int(await valkey.execute("ZSCORE", key, "o1")) > 3_000_000

    async def test_an_abandoned_load_is_taken_over(self, holds, valkey, unique, wish):
        """A loader that died is forgotten after a while, with all that it loaded."""
        await holds.begin_load(unique, "dead")
        await holds.load(unique, "dead", [Position(wish("o1", 2), kept=True)])
        assert await valkey.expire(f"inventory:{{{unique}}}:state", 0.001)
        await asyncio.sleep(0.01)
        assert await holds.begin_load(unique, "alive")
        assert not await holds.finish_load(unique, "dead", a_sale(unique).items)
        assert await holds.finish_load(unique, "alive", a_sale(unique, stock=5).items)
        assert await holds.stock(unique) == [ItemStock("mug", 5, 5)]


async def test_counters_that_cannot_be_reached_are_left_alone_for_a_while(unique):
    """After a failure calls fail at once; when the rest is over the server is asked again."""
    time = [0.0]
    async with open_valkey(f"redis://127.0.0.1:{free_port()}/0") as valkey:
        holds = ValkeyHolds(valkey, rest_seconds=0.5, clock=lambda: time[0])
        for seconds, message in ((0.0, "EVALSHA"), (0.4, "resting"), (0.6, "EVALSHA")):
            time[0] = seconds
            with pytest.raises(HoldsUnavailable, match=message):
                await holds.stock(unique)
