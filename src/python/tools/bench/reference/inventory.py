"""The reference's inventory: the row of an SKU is locked while units of it are reserved."""

from typing import Annotated

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from tools.bench.reference.service import Uses, service

METADATA = MetaData()
STOCK = Table(
    "stock",
    METADATA,
    Column("sale_id", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("available", Integer, nullable=False),
    Column("price_minor", BigInteger, nullable=False),
    Column("per_customer_cap", Integer, nullable=False),
)
RESERVATIONS = Table(
    "reservations",
    METADATA,
    Column("order_id", Text, primary_key=True),
    Column("sale_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Index("reservations_by_owner", "sale_id", "sku", "customer_id"),
)


class Item(BaseModel):
    """An SKU in a sale."""

    sku: str
    stock: int
    price_minor: int
    per_customer_cap: int


class NewReservation(BaseModel):
    """Units for an order; asking again for the same order changes nothing."""

    order_id: str
    sale_id: str
    sku: str
    customer_id: str
    quantity: Annotated[int, Field(ge=1, le=100)]


class Reserved(BaseModel):
    """What the order costs."""

    amount_minor: int


def build() -> FastAPI:
    """The application."""
    app = service("inventory")
    app.put("/sales/{sale_id}/items")(put_items)
    app.post("/reservations", status_code=201)(reserve)
    app.delete("/reservations/{order_id}", status_code=204)(release)
    return app


async def put_items(sale_id: str, items: list[Item], uses: Uses) -> int:
    """Puts SKUs on sale."""
    rows = [
        {
            "sale_id": sale_id,
            "sku": item.sku,
            "available": item.stock,
            "price_minor": item.price_minor,
            "per_customer_cap": item.per_customer_cap,
        }
        for item in items
    ]
    async with uses.engine.begin() as connection:
        await connection.execute(insert(STOCK), rows)
    return len(rows)


async def reserve(new: NewReservation, uses: Uses) -> Reserved:
    """Takes units off the stock; 409 where too few are left, or the customer's cap is reached."""
    of_sku = (STOCK.c.sale_id == new.sale_id) & (STOCK.c.sku == new.sku)
    async with uses.engine.begin() as connection:
        found = await connection.execute(select(STOCK).where(of_sku).with_for_update())
        stock = found.one_or_none()
        if stock is None:
            raise HTTPException(404, "the sale has no such item")
        own = await connection.execute(
            select(RESERVATIONS.c.order_id, RESERVATIONS.c.quantity, RESERVATIONS.c.amount_minor).where(
                RESERVATIONS.c.sale_id == new.sale_id,
                RESERVATIONS.c.sku == new.sku,
                RESERVATIONS.c.customer_id == new.customer_id,
            )
        )
        reservations = own.all()
        for known in reservations:
            if known.order_id == new.order_id:
                return Reserved(amount_minor=known.amount_minor)
        if sum(known.quantity for known in reservations) + new.quantity > stock.per_customer_cap:
            raise HTTPException(409, "the customer has all that one customer may have")
        if stock.available < new.quantity:
            raise HTTPException(409, "sold out")
        amount_minor = stock.price_minor * new.quantity
        await connection.execute(
            update(STOCK).where(of_sku).values(available=STOCK.c.available - new.quantity)
        )
        await connection.execute(insert(RESERVATIONS).values(**new.model_dump(), amount_minor=amount_minor))
    return Reserved(amount_minor=amount_minor)


async def release(order_id: str, uses: Uses) -> None:
    """Puts the units of an order back, once."""
    async with uses.engine.begin() as connection:
        gone = await connection.execute(
            delete(RESERVATIONS).where(RESERVATIONS.c.order_id == order_id).returning(RESERVATIONS)
        )
        if (row := gone.one_or_none()) is not None:
            await connection.execute(
                update(STOCK)
                .where(STOCK.c.sale_id == row.sale_id, STOCK.c.sku == row.sku)
                .values(available=STOCK.c.available + row.quantity)
            )
