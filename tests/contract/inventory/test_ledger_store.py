"""The contract of the LedgerStore port: the same suite on the ledger in memory and on PostgreSQL."""

import asyncio
import random

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from seawall.sql import open_database, upgrade
from services.inventory.adapters.ledger_sql import SqlLedger
from services.inventory.app import MIGRATIONS
from services.inventory.domain import Commit, Position, Refusal, Release, Reserve
from services.inventory.ports import Delivery
from unit.services.inventory.fakes import InMemoryLedger, a_sale, a_wish


def deliveries(*commands):
    return [Delivery(c, f"{c.order_id}:{type(c).__name__}", "orders") for c in commands]


class LedgerContract:
    """What the authority on stock promises."""

    @pytest.fixture(autouse=True)
    async def sale(self, ledger):
        await ledger.schedule([a_sale(stock=5, cap=3, skus=("mug", "cup")), a_sale("other", stock=1)])

    @staticmethod
    async def counts(ledger, sku="mug"):
        item = next(item for item in await ledger.items("sale") if item.key.sku == sku)
        return item.reserved, item.sold

    async def test_a_sale_is_scheduled_once(self, ledger):
        """The same sale again, even with other numbers, changes nothing."""
        await ledger.schedule([a_sale(stock=99, skus=("mug", "cup"))])
        assert [(i.key.sku, i.stock, i.per_customer_cap) for i in await ledger.items("sale")] == [
            ("cup", 5, 3),
            ("mug", 5, 3),
        ]
        assert await ledger.items("nowhere") == []
        assert await ledger.unfinished_sales() == ["other", "sale"]

    async def test_a_batch_is_decided_in_its_order(self, ledger):
        """Reservations, sales and releases of one batch see each other."""
        o1, o2, o3 = a_wish("o1", 3), a_wish("o2", 3), a_wish("o3", 2)
        batch = deliveries(Reserve(o1), Reserve(o2), Commit("o1"), Reserve(o3), Release(o3))
        positions = await ledger.apply(batch)
        assert positions == [Position(o1, kept=True), Position(o2, kept=False), Position(o3, kept=False)]
        assert await self.counts(ledger) == (0, 3)

    async def test_a_message_counts_once(self, ledger):
        """Within a batch, and in a later one, which still says where the order stands."""
        wish = a_wish("o1", 2)
        batch = deliveries(Reserve(wish), Reserve(wish))
        for _ in range(2):
            assert await ledger.apply(batch) == [Position(wish, kept=True)]
        await ledger.apply(deliveries(Release(wish)))
        assert await ledger.apply(batch) == [Position(wish, kept=False)]
        assert await self.counts(ledger) == (0, 0)

    async def test_steps_of_an_order_may_come_in_batches_of_their_own(self, ledger):
        """Reserved, then sold."""
        await ledger.apply(deliveries(Reserve(a_wish("o1", 2))))
        assert await self.counts(ledger) == (2, 0)
        assert await ledger.apply(deliveries(Commit("o1"))) == []
        assert await self.counts(ledger) == (0, 2)

    async def test_the_cap_counts_earlier_batches(self, ledger):
        """Reserved and sold units of the same customer, item by item."""
        await ledger.apply(deliveries(Reserve(a_wish("o1", 2, "ann")), Commit("o1")))
        positions = await ledger.apply(
            deliveries(
                Reserve(a_wish("o2", 2, "ann")),
                Reserve(a_wish("o3", 1, "ann")),
                Reserve(a_wish("o4", 2, "ann", "cup")),
            )
        )
        assert [position.kept for position in positions] == [False, True, True]

    async def test_a_release_may_come_first(self, ledger):
        """Its order is then refused, in whichever batch it comes."""
        await ledger.apply(deliveries(Release(a_wish("o1")), Release(a_wish("o2", sku="hat"))))
        positions = await ledger.apply(deliveries(Reserve(a_wish("o1")), Reserve(a_wish("o2", sku="hat"))))
        assert [position.kept for position in positions] == [False, False]
        assert await self.counts(ledger) == (0, 0)

    async def test_an_illegal_command_does_not_stop_the_batch(self, ledger):
        """A commit of nothing is skipped."""
        await ledger.apply(deliveries(Commit("nobody"), Reserve(a_wish("o1"))))
        assert await self.counts(ledger) == (1, 0)

    async def test_a_preview_reserves_nothing(self, ledger):
        """It answers as a reservation would be answered now."""
        await ledger.apply(deliveries(Reserve(a_wish("o1", 3, "ann")), Release(a_wish("o2"))))
        wishes = [
            a_wish("o1", 3, "ann"),
            a_wish("o2"),
            a_wish("o3", 1, "ann"),
            a_wish("o4", 3),
            a_wish("o5", 2),
            a_wish("o6", sku="hat"),
        ]
        expected = [
            None,
            Refusal.RELEASED,
            Refusal.CUSTOMER_CAP,
            Refusal.SOLD_OUT,
            None,
            Refusal.UNKNOWN_ITEM,
        ]
        assert await ledger.preview(wishes) == expected
        assert await self.counts(ledger) == (3, 0)

    async def test_all_orders_with_units_of_a_sale_are_listed(self, ledger):
        """Reserved and sold ones of this sale; not the released, not those of others."""
        o1, o2 = a_wish("o1"), a_wish("o2", sku="cup")
        await ledger.apply(
            deliveries(
                Reserve(o1),
                Commit("o1"),
                Reserve(o2),
                Reserve(a_wish("o3")),
                Release(a_wish("o3")),
                Reserve(a_wish("o4", sale_id="other")),
            )
        )
        listed = [position async for page in ledger.kept("sale") for position in page]
        assert sorted(listed, key=lambda p: p.wish.order_id) == [Position(o1, True), Position(o2, True)]

    async def test_what_is_owed_is_told_as_it_is_by_then(self, ledger):
        """Kept if it fails to be told, forgotten once it is."""
        o1, o2, o3 = a_wish("o1"), a_wish("o2"), a_wish("o3")
        await ledger.owe(await ledger.apply(deliveries(Reserve(o1), Reserve(o2))))
        await ledger.owe([Position(o3, kept=False), Position(o1, kept=True)])
        await ledger.apply(deliveries(Release(o2)))

        async def fail(positions):
            raise ConnectionError

        told = []

        async def tell(positions):
            told.extend(positions)

        with pytest.raises(ConnectionError):
            await ledger.repay(fail, 10)
        assert await ledger.repay(tell, 2) == 2
        assert await ledger.repay(tell, 2) == 1
        assert await ledger.repay(tell, 2) == 0
        expected = [Position(o1, True), Position(o2, False), Position(o3, False)]
        assert sorted(told, key=lambda p: p.wish.order_id) == expected

    async def test_concurrent_batches_never_exceed_stock_or_cap(self, ledger):
        """Replicas that decide on the same items and customers do so one after the other."""
        orders = [
            a_wish(f"o{number}", random.randint(1, 2), f"c{number % 4}", random.choice(["mug", "cup"]))
            for number in range(60)
        ]
        random.shuffle(orders)
        batches = [deliveries(*(Reserve(wish) for wish in orders[start::6])) for start in range(6)]
        decided = await asyncio.gather(*(ledger.apply(batch) for batch in batches))
        kept = [position.wish for batch in decided for position in batch if position.kept]
        for sku in ("mug", "cup"):
            of_item = [wish for wish in kept if wish.item.sku == sku]
            units = sum(wish.quantity for wish in of_item)
            assert await self.counts(ledger, sku) == (units, 0)
            assert units >= 4
            for customer in range(4):
                own = [wish.quantity for wish in of_item if wish.customer_id == f"c{customer}"]
                assert sum(own) <= 3


class TestInMemoryLedger(LedgerContract):
    @pytest.fixture
    def ledger(self):
        return InMemoryLedger()


class TestSqlLedger(LedgerContract):
    @pytest.fixture
    async def database(self, database_url):
        await upgrade(database_url, MIGRATIONS)
        async with open_database(database_url, pool_size=6) as database:
            yield database

    @pytest.fixture
    def ledger(self, database):
        return SqlLedger(database)

    async def test_the_database_refuses_to_oversell(self, database):
        """Whatever the code does."""
        async with database.connection() as connection:
            with pytest.raises(IntegrityError, match="never_oversold"):
                await connection.execute(text("UPDATE ledger SET reserved = 4, sold = 2"))
            with pytest.raises(IntegrityError, match="nothing_negative"):
                await connection.execute(text("UPDATE ledger SET reserved = -1"))

    async def test_a_long_list_comes_in_pages(self, database, ledger):
        """Each order once, however many pages."""
        await ledger.schedule([a_sale("long", stock=10_000, cap=100)])
        small_pages = SqlLedger(database, page_size=3)
        orders = [a_wish(f"o{number}", 1, f"c{number % 3}", sale_id="long") for number in range(10)]
        await ledger.apply(deliveries(*map(Reserve, orders)))
        pages = [page async for page in small_pages.kept("long")]
        assert [len(page) for page in pages] == [3, 3, 3, 1]
        assert {position.wish for page in pages for position in page} == set(orders)
