"""The reference's orders: the customer waits while inventory, then payments are called."""

import uuid
from typing import Annotated, Any

import aiohttp
from fastapi import FastAPI, Header, HTTPException, Response
from pydantic import BaseModel, Field
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from tools.bench.reference.service import Uses, service

METADATA = MetaData()
ORDERS = Table(
    "orders",
    METADATA,
    Column("order_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("sale_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("amount_minor", BigInteger),
    Column("state", Text, nullable=False),
    Column("placed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    UniqueConstraint("customer_id", "idempotency_key"),
)


class NewOrder(BaseModel):
    """What the customer wants."""

    sku: str
    quantity: Annotated[int, Field(ge=1, le=100)]


class Order(BaseModel):
    """The order as it is now."""

    order_id: str
    state: str


def build() -> FastAPI:
    """The application."""
    app = service("orders")
    app.post("/v1/sales/{sale_id}/orders", status_code=201)(place_order)
    return app


async def place_order(
    sale_id: str,
    wanted: NewOrder,
    uses: Uses,
    response: Response,
    authorization: Annotated[str, Header()],
    idempotency_key: Annotated[str, Header()],
) -> Order:
    """201 with the confirmed order; 200 with the order of a known idempotency key, as it is now."""
    # The token is taken for the customer's id and not verified: this saves the reference the work.
    customer_id = authorization.removeprefix("Bearer ")
    order_id = str(uuid.uuid4())
    new = {"sale_id": sale_id, "customer_id": customer_id, **wanted.model_dump()}
    known = await _write(uses, {"order_id": order_id, "idempotency_key": idempotency_key, **new})
    if known is not None:
        response.status_code = 200
        return known
    amount_minor = await _reserve(uses, {"order_id": order_id, **new})
    await _charge(uses, {"order_id": order_id, "customer_id": customer_id, "amount_minor": amount_minor})
    await _set(uses, order_id, state="confirmed", amount_minor=amount_minor)
    return Order(order_id=order_id, state="confirmed")


async def _write(uses: Uses, row: dict[str, Any]) -> Order | None:
    """Writes the order down; returns the one that the key already belongs to. 422 if it is another one."""
    async with uses.engine.begin() as connection:
        written = await connection.execute(
            insert(ORDERS).values(**row, state="pending").on_conflict_do_nothing()
        )
        if written.rowcount:
            return None
        found = await connection.execute(
            select(ORDERS).where(
                ORDERS.c.customer_id == row["customer_id"],
                ORDERS.c.idempotency_key == row["idempotency_key"],
            )
        )
        known = found.one()
    if any(getattr(known, name) != row[name] for name in ("sale_id", "sku", "quantity")):
        raise HTTPException(422, "the idempotency key belongs to another order")
    return Order(order_id=known.order_id, state=known.state)


async def _reserve(uses: Uses, body: dict[str, Any]) -> int:
    status, answer = await _call(uses, f"{uses.settings.inventory_url}/reservations", body)
    if status != 201:
        await _set(uses, body["order_id"], state="cancelled")
        raise HTTPException(status if status in {404, 409} else 502, answer.get("detail"))
    amount_minor: int = answer["amount_minor"]
    return amount_minor


async def _charge(uses: Uses, body: dict[str, Any]) -> None:
    status, answer = await _call(uses, f"{uses.settings.payments_url}/charges", body)
    if status == 201 and answer["state"] == "charged":
        return
    order_id = body["order_id"]
    async with uses.http.delete(f"{uses.settings.inventory_url}/reservations/{order_id}"):
        await _set(uses, order_id, state="cancelled")
    raise HTTPException(402 if status == 201 else 502, "the payment failed")


async def _call(uses: Uses, url: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    try:
        async with uses.http.post(url, json=body) as answer:
            return answer.status, await answer.json()
    except (aiohttp.ClientError, TimeoutError) as error:
        return 502, {"detail": repr(error)}


async def _set(uses: Uses, order_id: str, **values: Any) -> None:
    async with uses.engine.begin() as connection:
        await connection.execute(
            update(ORDERS).where(ORDERS.c.order_id == order_id).values(**values, updated_at=func.now())
        )
