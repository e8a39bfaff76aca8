"""One sale with three orders in real stores, which the tests then damage."""

from collections.abc import Mapping

from aiohttp import web
from sqlalchemy import text

from seawall.sql import open_database
from seawall.valkey import Valkey
from services.psp_simulator.charges import ChargeBook
from services.psp_simulator.http_api import CHARGES
from tools.rehearsal.invariants import check
from tools.rehearsal.stores import Stores

ACCEPTED = frozenset({"one", "two", "late"})
ORDERS = [
    ("one", "ada", 2, 1000, "confirmed", None),
    ("two", "bob", 1, 500, "confirmed", None),
    ("late", "cleo", 1, 500, "cancelled", "deadline"),
]
LEDGER = """
INSERT INTO ledger (sale_id, sku, stock, reserved, sold, per_customer_cap) VALUES (:sale, 'mug', 5, 0, 3, 2)
"""
RESERVATION = """
INSERT INTO reservations (order_id, sale_id, sku, customer_id, quantity, state)
VALUES (:order_id, :sale, 'mug', :customer_id, :quantity, :state)
"""
ORDER = """
INSERT INTO orders (order_id, customer_id, sale_id, sku, quantity, amount_minor, currency, state, reason,
                    placed_at, updated_at)
VALUES (:order_id, :customer_id, :sale, 'mug', :quantity, :amount, 'EUR', :state, :reason, now(), now())
"""
CHARGE = """
INSERT INTO charges (order_id, customer_id, amount_minor, currency, deadline, state, charge_id)
VALUES (:order_id, :customer_id, :amount, 'EUR', now(), :state, :charge_id)
"""


class Shop:
    """The sale, and ways to damage it."""

    def __init__(
        self, sale_id: str, urls: Mapping[str, str], valkey: Valkey, provider: web.Application, stores: Stores
    ) -> None:
        self.sale_id = sale_id
        self.valkey = valkey
        self.stores = stores
        self._urls = urls
        self._provider = provider

    @property
    def counters_key(self) -> str:
        return f"inventory:{{{self.sale_id}}}:available"

    @property
    def provider(self) -> ChargeBook:
        return self._provider[CHARGES]

    async def open(self) -> None:
        """Puts two confirmed orders and a cancelled one into all stores."""
        await self.sql("inventory", LEDGER, sale=self.sale_id)
        await self.valkey.hset(self.counters_key, {"mug": 2})
        for order in ORDERS:
            await self._place(*order)

    async def sql(self, service: str, *statements: str, **parameters) -> None:
        """Runs statements in a service's own database."""
        async with (
            open_database(self._urls[service], pool_size=1) as database,
            database.transaction() as connection,
        ):
            for statement in statements:
                await connection.execute(text(statement), parameters)

    def charge(self, order_id: str, *, key: str | None = None, amount: int = 500) -> str:
        """Charges an order at the provider, and returns the charge's id."""
        made, _ = self.provider.charge(
            key or order_id, amount_minor=amount, currency="EUR", reference=order_id, declined=False
        )
        assert made.charge_id
        return made.charge_id

    async def broken(self, accepted: frozenset[str] = ACCEPTED) -> set[str]:
        """Which invariants the checker finds broken."""
        snapshot = await self.stores.snapshot(self.sale_id, accepted)
        return {verdict.name for verdict in check(snapshot) if not verdict.holds}

    async def _place(self, order_id, customer_id, quantity, amount, state, reason) -> None:
        confirmed = state == "confirmed"
        order = {"order_id": order_id, "customer_id": customer_id, "quantity": quantity}
        charge_id = self.charge(order_id, amount=amount)
        if not confirmed:
            self.provider.void(order_id)
        await self.sql("orders", ORDER, sale=self.sale_id, **order, amount=amount, state=state, reason=reason)
        await self.sql(
            "inventory", RESERVATION, sale=self.sale_id, **order, state="sold" if confirmed else "released"
        )
        await self.sql(
            "payments",
            CHARGE,
            order_id=order_id,
            customer_id=customer_id,
            amount=amount,
            state="charged" if confirmed else "voided",
            charge_id=charge_id,
        )
