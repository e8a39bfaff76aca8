"""Orders and their checkouts in PostgreSQL."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from seawall.messaging import Outbox
from seawall.saga import SagaLog
from seawall.sql import open_database, upgrade
from seawall.telemetry import bind_correlation_id, bind_traceparent
from seawall.testing import until
from services.orders.adapters.checkout_saga import checkout
from services.orders.adapters.checkouts_sql import SqlCheckouts
from services.orders.adapters.orders_sql import SqlOrders
from services.orders.adapters.sales_sql import SqlSales
from services.orders.app import MIGRATIONS
from services.orders.domain import Order, OrderState, Reply, SagaStep
from services.orders.ports import Unavailable
from services.orders.use_cases import expire_checkouts
from unit.services.orders.fakes import HOUR, NOON, InMemoryOrders, a_wish, an_item

RESERVE, CHARGE, COMMIT = SagaStep


def an_order(key="key", **changes):
    return Order.of(a_wish(key=key, **changes), an_item(), NOON)


@pytest.fixture
async def database(database_url):
    await upgrade(database_url, MIGRATIONS)
    async with open_database(database_url) as database:
        yield database


@pytest.fixture
async def orders(database):
    async with SqlOrders(database, SagaLog(checkout())).accepting() as orders:
        yield orders


class OrdersContract:
    """What the store of orders promises."""

    async def test_an_order_is_kept(self, orders):
        """It is found by its customer and its id, as it was accepted."""
        order = an_order()
        assert await orders.accept(order) == order
        assert await orders.known(order.order_id) == order
        assert await orders.find(order.order_id, "ann") == order
        assert await orders.find(order.order_id, "bob") is None
        assert await orders.known("nothing") is None

    async def test_an_order_is_kept_once(self, orders):
        """Concurrent and later repetitions get the first one, whatever they are for."""
        other = [an_order(quantity=quantity) for quantity in (1, 2, 3, 1)]
        kept = await asyncio.gather(*map(orders.accept, other))
        assert len(set(kept)) == 1
        assert await orders.accept(an_order(quantity=9)) == kept[0]

    async def test_a_customer_has_a_list(self, orders):
        """Newest first, and no longer than asked for."""
        placed = [replace(an_order(str(n)), placed_at=NOON + n * HOUR) for n in range(3)]
        await asyncio.gather(*map(orders.accept, [*placed, an_order("other", customer_id="bob")]))
        assert sorted(await orders.of_customer("ann", 9), key=lambda o: o.placed_at) == placed
        assert len(await orders.of_customer("ann", 2)) == 2

    async def test_only_changes_are_told(self, orders):
        """Orders in the state that is known, and unknown orders, are left out."""
        order = await orders.accept(an_order())
        same = {order.order_id: OrderState.ACCEPTED, "nothing": OrderState.ACCEPTED}
        assert await orders.changed(same) == []
        assert await orders.changed({order.order_id: OrderState.CONFIRMED}) == [order]


class TestInMemoryOrders(OrdersContract):
    @pytest.fixture
    def orders(self):
        return InMemoryOrders()


class TestSqlOrders(OrdersContract):
    async def test_an_acceptance_wakes_the_relay_of_another_process(self, orders, database):
        """Its notification comes with the commit, once; an order that was there already notifies nobody."""
        heard = []
        async with database.listening("outbox", lambda: heard.append(1)):
            await orders.accept(an_order())
            await until(lambda: heard)
            await orders.accept(an_order())
            await orders.accept(an_order("another"))
            await until(lambda: len(heard) == 2)

    async def test_the_newest_order_comes_first(self, orders):
        """In the order of their acceptance, backwards."""
        for n in range(3):
            await orders.accept(replace(an_order(str(n)), placed_at=NOON + n * HOUR))
        times = [order.placed_at for order in await orders.of_customer("ann", 2)]
        assert times == [NOON + 2 * HOUR, NOON + HOUR]

    async def test_two_replicas_accept_an_order_once(self, database, orders):
        """Whoever comes second finds the order of the first; one checkout is started for each."""
        async with SqlOrders(database, SagaLog(checkout())).accepting() as replica:
            wanted = [an_order(str(n)) for n in range(20)]
            await asyncio.gather(
                *(orders.accept(order) for order in wanted),
                *(replica.accept(order) for order in reversed(wanted)),
            )
        rows = await fetch(database, "SELECT type, count(*) FROM outbox GROUP BY type")
        assert dict(rows) == {"shop.inventory.v1.ReserveStock": 20, "shop.orders.v1.OrderAccepted": 20}
        assert await fetch(database, "SELECT count(*) FROM saga") == [(20,)]

    async def test_messages_carry_correlation_id_and_trace_of_their_request(self, database, orders):
        """Also where several requests share a transaction."""

        async def place(key):
            with bind_correlation_id(f"request-{key}"), bind_traceparent(traceparent(key)):
                await orders.accept(an_order(key))

        await asyncio.gather(*map(place, "abc"))
        columns = "key, correlation_id, headers::json ->> 'traceparent'"
        rows = await fetch(database, f"SELECT {columns} FROM outbox")
        expected = {(an_order(key).order_id, f"request-{key}", traceparent(key)) for key in "abc"}
        assert {tuple(row) for row in rows} == expected

    async def test_nothing_is_accepted_when_too_much_waits(self, database):
        """A broker that is away for long must not fill the database."""
        saga = SagaLog(checkout())
        full = SqlOrders(database, saga, backlog=lambda: 5, max_backlog=5)
        async with full.accepting():
            with pytest.raises(Unavailable):
                await full.accept(an_order())


def traceparent(key):
    return f"00-{key * 32}-00f067aa0ba902b7-00"


async def fetch(database, query):
    async with database.connection() as connection:
        return [tuple(row) for row in (await connection.execute(text(query))).all()]


async def test_checkouts_are_behind_while_many_orders_wait_for_long(database, orders):
    """Not for a few of them, nor for those that came just now; it is over when they are answered."""
    await asyncio.gather(*(orders.accept(an_order(str(n))) for n in range(3)))
    checkouts = SqlCheckouts(database, SagaLog(checkout()), Outbox(), behind_orders=3)
    await checkouts.look()
    assert not checkouts.is_behind
    # As old as two fifths of the time after which they are given up.
    await fetch(database, "UPDATE saga SET deadline = deadline - interval '7 s' RETURNING 1")
    await checkouts.look()
    assert checkouts.is_behind
    reply = Reply(an_order("0").order_id, SagaStep.RESERVE)
    await checkouts.advance([reply])
    await checkouts.look()
    assert not checkouts.is_behind


class TestSqlCheckouts:
    """The way of an order, by the replies that come."""

    @pytest.fixture
    def checkouts(self, database):
        return SqlCheckouts(database, SagaLog(checkout()), Outbox())

    @pytest.fixture
    async def order(self, database, orders):
        order = await orders.accept(an_order())
        await fetch(database, "DELETE FROM outbox RETURNING 1")
        return order

    @staticmethod
    async def reply(checkouts, order, *replies):
        """Delivers replies, each of a step or of a step and its failure."""
        pairs = [reply if isinstance(reply, tuple) else (reply, None) for reply in replies]
        await checkouts.advance([Reply(order.order_id, step, failure) for step, failure in pairs])

    @staticmethod
    async def undone(checkouts, order, step):
        """An answer to the undoing of a step."""
        reply = Reply(order.order_id, step, undone=True)
        await checkouts.advance([reply])

    @staticmethod
    async def outcome(database, order):
        """The state and reason of the order, and the messages since the last look."""
        state = await fetch(database, f"SELECT state, reason FROM orders WHERE order_id = '{order.order_id}'")
        sent = await fetch(database, "DELETE FROM outbox RETURNING id, type")
        return (*state[0], [kind.rpartition(".")[2] for _, kind in sorted(sent)])

    async def test_an_order_is_confirmed(self, database, checkouts, order):
        """Reserved, charged, committed: each reply sends the next command."""
        await self.reply(checkouts, order, RESERVE)
        assert await self.outcome(database, order) == ("payment_pending", None, ["ChargePayment"])
        await self.reply(checkouts, order, CHARGE)
        expected = ("confirmed", None, ["CommitStock", "OrderConfirmed"])
        assert await self.outcome(database, order) == expected
        await self.reply(checkouts, order, COMMIT)
        assert await self.outcome(database, order) == ("confirmed", None, [])
        assert await fetch(database, "SELECT status FROM saga") == [("done",)]

    async def test_an_order_without_stock_is_cancelled(self, database, checkouts, order):
        """There is nothing to undo."""
        await self.reply(checkouts, order, (RESERVE, "sold_out"))
        assert await self.outcome(database, order) == ("cancelled", "sold_out", ["OrderCancelled"])

    async def test_a_declined_order_gives_its_stock_back(self, database, checkouts, order):
        """The customer was not charged, so that only the stock is released."""
        await self.reply(checkouts, order, RESERVE)
        await self.reply(checkouts, order, (CHARGE, "declined"))
        expected = ("cancelled", "declined", ["ChargePayment", "ReleaseStock", "OrderCancelled"])
        assert await self.outcome(database, order) == expected

    async def test_replies_of_a_batch_may_belong_to_one_order(self, database, checkouts, order):
        """A backlog is worked off in the order of the steps."""
        await self.reply(checkouts, order, COMMIT, CHARGE, RESERVE)
        state, _, sent = await self.outcome(database, order)
        assert (state, sent) == ("confirmed", ["ChargePayment", "CommitStock", "OrderConfirmed"])

    async def test_repeated_and_late_replies_change_nothing(self, database, checkouts, order):
        """Neither the same message again, nor a reply to a step that is over."""
        await self.reply(checkouts, order, RESERVE)
        await self.reply(checkouts, order, (CHARGE, "declined"))
        await self.outcome(database, order)
        for late in (RESERVE, CHARGE, (CHARGE, "declined"), (RESERVE, "sold_out"), COMMIT):
            await self.reply(checkouts, order, late)
        assert await self.outcome(database, order) == ("cancelled", "declined", [])

    @pytest.mark.parametrize("replies", [(RESERVE, CHARGE, COMMIT), (RESERVE, (CHARGE, "declined"))])
    async def test_what_is_delivered_three_times_is_worth_one(self, database, checkouts, orders, replies):
        """Without an inbox: each reply twice in its batch and once more after it, beside each reply once."""
        outcomes = []
        for name, times in (("once", 1), ("thrice", 2)):
            order = await orders.accept(an_order(name))
            for reply in replies:
                await self.reply(checkouts, order, *[reply] * times)
                await self.reply(checkouts, order, *[reply] * (times - 1))
            outcomes.append(await self.outcome(database, order))
        assert outcomes[0] == outcomes[1]

    @pytest.mark.parametrize(
        ("replies", "reason", "commands"),
        [
            ([], "reserve_timeout", ["ReleaseStock"]),
            ([RESERVE], "charge_timeout", ["VoidPayment"]),
        ],
    )
    async def test_a_step_without_an_answer_cancels_the_order(
        self, database, checkouts, order, replies, reason, commands
    ):
        """It may have been done, and is undone first."""
        await self.reply(checkouts, order, *replies)
        await self.outcome(database, order)
        assert await checkouts.expire() == 0
        await fetch(database, "UPDATE saga SET deadline = now() RETURNING 1")
        expired = await asyncio.gather(*(expire_checkouts(checkouts) for _ in range(3)))
        assert sum(expired) == 1
        state, why, sent = await self.outcome(database, order)
        assert (state, why, sorted(sent)) == ("cancelled", reason, sorted([*commands, "OrderCancelled"]))

    async def test_what_was_done_is_undone_in_reverse(self, database, checkouts, order):
        """The units are held until the void is sure; answers that come again, or too early, move nothing."""
        await self.reply(checkouts, order, RESERVE)
        await fetch(database, "UPDATE saga SET deadline = now() RETURNING 1")
        await checkouts.expire()
        await self.outcome(database, order)
        await self.undone(checkouts, order, RESERVE)
        assert await self.outcome(database, order) == ("cancelled", "charge_timeout", [])
        await self.undone(checkouts, order, CHARGE)
        assert await self.outcome(database, order) == ("cancelled", "charge_timeout", ["ReleaseStock"])
        await self.undone(checkouts, order, CHARGE)
        await self.undone(checkouts, order, RESERVE)
        assert await self.outcome(database, order) == ("cancelled", "charge_timeout", [])
        assert await fetch(database, "SELECT status FROM saga") == [("compensated",)]

    async def test_undoing_is_asked_for_again_until_it_is_answered(self, database, checkouts, order):
        """A lost answer does not leave stock reserved."""
        await self.reply(checkouts, order, RESERVE)
        await self.reply(checkouts, order, (CHARGE, "declined"))
        await self.outcome(database, order)
        for _ in range(2):
            await fetch(database, "UPDATE saga SET deadline = now() RETURNING 1")
            assert await checkouts.expire() == 0
            assert await self.outcome(database, order) == ("cancelled", "declined", ["ReleaseStock"])

    async def test_a_sale_of_stock_without_an_answer_is_asked_for_again(self, database, checkouts, order):
        """After the charge there is no way back."""
        await self.reply(checkouts, order, RESERVE)
        await self.reply(checkouts, order, CHARGE)
        await self.outcome(database, order)
        await fetch(database, "UPDATE saga SET deadline = now() RETURNING 1")
        assert await checkouts.expire() == 0
        assert await self.outcome(database, order) == ("confirmed", None, ["CommitStock"])

    async def test_an_answer_and_its_time_out_do_not_both_count(self, database, checkouts, orders):
        """Whichever comes first decides; the order and the messages agree."""
        placed = await asyncio.gather(*(orders.accept(an_order(str(n))) for n in range(30)))
        await fetch(database, "UPDATE saga SET deadline = now() RETURNING 1")
        await fetch(database, "DELETE FROM outbox RETURNING 1")
        await asyncio.gather(
            checkouts.expire(),
            *(self.reply(checkouts, order, RESERVE) for order in placed),
            checkouts.expire(),
        )
        states = dict(await fetch(database, "SELECT state, count(*) FROM orders GROUP BY state"))
        sent = dict(await fetch(database, "SELECT type, count(*) FROM outbox GROUP BY type"))
        assert sum(states.values()) == 30
        assert states.get("payment_pending", 0) == sent.get("shop.payments.v1.ChargePayment", 0)
        assert states.get("cancelled", 0) == sent.get("shop.inventory.v1.ReleaseStock", 0)

    async def test_finished_checkouts_are_forgotten(self, database, checkouts, order):
        """The order stays; a running checkout stays too."""
        running = an_order("running")
        await checkouts.purge(0)
        await self.reply(checkouts, order, (RESERVE, "sold_out"))
        assert running.order_id != order.order_id
        await checkouts.purge(-1)
        assert await fetch(database, "SELECT count(*) FROM saga") == [(0,)]
        assert await fetch(database, "SELECT count(*) FROM orders") == [(1,)]


class TestSqlSales:
    async def test_what_is_announced_is_found_at_once(self, database):
        """Also by a replica that looked before, as soon as its memory of nothing is over."""
        time = [0.0]
        sales, replica = SqlSales(database), SqlSales(database, clock=lambda: time[0])
        assert await sales.items("sale") == await replica.items("sale") == {}
        await sales.add([an_item("mug"), an_item("cup")])
        assert await sales.items("sale") == {"mug": an_item("mug"), "cup": an_item("cup")}
        assert await replica.items("sale") == {}
        time[0] = 1.0
        assert await replica.items("sale") == await sales.items("sale")

    async def test_an_announcement_counts_once(self, database):
        """What is known stays as it is."""
        sales = SqlSales(database)
        await sales.add([an_item("mug")])
        await sales.add([replace(an_item("mug"), price_minor=1)])
        assert await sales.items("sale") == {"mug": an_item("mug")}

    async def test_memory_is_bounded(self, database):
        """Names that nobody sells under do not pile up."""
        sales = SqlSales(database, max_sales=3)
        for number in range(10):
            await sales.items(f"sale{number}")
        assert len(sales.remembered) == 3
