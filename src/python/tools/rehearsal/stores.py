"""Reads the stores themselves, beside the services that own them, with the stack's own credentials."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from sqlalchemy import text

from seawall.sql import Database, open_database
from seawall.valkey import Valkey, open_valkey
from tools.rehearsal.snapshot import (
    LedgerRow,
    Order,
    PaymentRow,
    ProviderCharge,
    Reservation,
    Snapshot,
)

STATEMENT_TIMEOUT_SECONDS = 60.0
SERVICES_WITH_OUTBOX = ("catalog", "inventory", "orders", "payments")

LEDGER = text("SELECT sku, stock, reserved, sold, per_customer_cap FROM ledger WHERE sale_id = :sale_id")
RESERVATIONS = text(
    "SELECT order_id, sku, customer_id, quantity, state FROM reservations WHERE sale_id = :sale_id"
)
ORDERS = text("""
SELECT order_id, customer_id, sku, quantity, amount_minor, state, reason, placed_at, updated_at
FROM orders WHERE sale_id = :sale_id
""")
ORDER_IDS = text("SELECT order_id FROM orders")
ORDER_STATES = text("SELECT state, count(*) AS orders FROM orders WHERE sale_id = :sale_id GROUP BY state")
CHARGES = text("SELECT order_id, state, charge_id FROM charges")
OPEN_CHARGES = text("SELECT count(*) FROM charges WHERE state IN ('pending', 'charging', 'voiding')")
RESERVED = text("SELECT COALESCE(sum(reserved), 0) FROM ledger WHERE sale_id = :sale_id")


@dataclass(frozen=True)
class Stores:
    """Open connections to all that holds a part of a sale."""

    databases: Mapping[str, Database]
    valkey: Valkey
    provider: aiohttp.ClientSession

    async def order_states(self, sale_id: str) -> dict[str, int]:
        """Returns how many orders of the sale are in each state."""
        rows = await self._read("orders", ORDER_STATES, sale_id=sale_id)
        return {row.state: row.orders for row in rows}

    async def counters(self, sale_id: str) -> dict[str, int]:
        """Returns Valkey's available units by SKU; empty where it has none of the sale."""
        counters = await self.valkey.hgetall(f"inventory:{{{sale_id}}}:available")
        return {sku: int(units) for sku, units in counters.items()}

    async def ledger(self, sale_id: str) -> dict[str, LedgerRow]:
        """Returns inventory's ledger by SKU."""
        rows = await self._read("inventory", LEDGER, sale_id=sale_id)
        return {row.sku: LedgerRow(row.stock, row.reserved, row.sold, row.per_customer_cap) for row in rows}

    async def backlog(self, service: str) -> int:
        """Returns how many of a service's messages are not published yet."""
        return int((await self._read(service, text("SELECT count(*) AS n FROM outbox")))[0].n)

    async def open_charges(self) -> int:
        """Returns how many charges and voids are under way."""
        return int((await self._read("payments", OPEN_CHARGES))[0][0])

    async def reserved_units(self, sale_id: str) -> int:
        """Returns how many units of the sale are reserved and neither sold nor released."""
        return int((await self._read("inventory", RESERVED, sale_id=sale_id))[0][0])

    async def snapshot(self, sale_id: str, accepted: frozenset[str]) -> Snapshot:
        """Reads one sale from all stores. The system must be quiet: the stores are read in turn."""
        orders = {str(r.order_id): _order(r) for r in await self._read("orders", ORDERS, sale_id=sale_id)}
        reservations = [
            Reservation(str(r.order_id), r.sku, str(r.customer_id), r.quantity, r.state)
            for r in await self._read("inventory", RESERVATIONS, sale_id=sale_id)
        ]
        payments = {
            str(r.order_id): PaymentRow(str(r.order_id), r.state, r.charge_id)
            for r in await self._read("payments", CHARGES)
            if str(r.order_id) in orders
        }
        return Snapshot(
            sale_id=sale_id,
            ledger=await self.ledger(sale_id),
            counters=await self.counters(sale_id),
            reservations=reservations,
            orders=orders,
            payments=payments,
            provider=await self._provider_charges(),
            known_orders=frozenset(str(r.order_id) for r in await self._read("orders", ORDER_IDS)),
            accepted=accepted,
        )

    async def _provider_charges(self) -> list[ProviderCharge]:
        charges: list[ProviderCharge] = []
        after: int | None = 0
        while after is not None:
            query = {"after": str(after), "limit": "5000"}
            async with self.provider.get("/v1/charges", params=query, raise_for_status=True) as answer:
                page = await answer.json()
            charges += [_provider_charge(item) for item in page["items"]]
            after = page["next_after"]
        return charges

    async def _read(self, service: str, statement: Any, **parameters: Any) -> list[Any]:
        async with self.databases[service].connection() as connection:
            return list(await connection.execute(statement, parameters))


@asynccontextmanager
async def open_stores(
    database_urls: Mapping[str, str], valkey_url: str, provider_url: str
) -> AsyncIterator[Stores]:
    """Opens the databases (by service), Valkey and the provider's book."""
    async with AsyncExitStack() as stack:
        databases = {
            service: await stack.enter_async_context(
                open_database(
                    database_urls[service], pool_size=1, statement_timeout_seconds=STATEMENT_TIMEOUT_SECONDS
                )
            )
            for service in SERVICES_WITH_OUTBOX
        }
        valkey = await stack.enter_async_context(open_valkey(valkey_url, timeout_seconds=5.0))
        provider = await stack.enter_async_context(aiohttp.ClientSession(provider_url))
        yield Stores(databases, valkey, provider)


def _order(row: Any) -> Order:
    return Order(
        str(row.order_id),
        str(row.customer_id),
        row.sku,
        row.quantity,
        row.amount_minor,
        row.state,
        row.reason,
        row.placed_at,
        row.updated_at,
    )


def _provider_charge(item: Mapping[str, Any]) -> ProviderCharge:
    return ProviderCharge(
        item["charge_id"], item["idempotency_key"], item["reference"], item["amount_minor"], item["state"]
    )
