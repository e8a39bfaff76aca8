"""The reference's payments: a charge is written down, made at the provider, and written down again."""

from typing import Annotated

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, select, update
from sqlalchemy.dialects.postgresql import insert

from tools.bench.reference.service import Uses, service

METADATA = MetaData()
CHARGES = Table(
    "charges",
    METADATA,
    Column("order_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("charge_id", Text),
)
CURRENCY = "EUR"


class NewCharge(BaseModel):
    """What an order costs; asking again for the same order charges nobody twice."""

    order_id: str
    customer_id: str
    amount_minor: Annotated[int, Field(ge=1)]


class Charge(BaseModel):
    """`charged` or `declined`."""

    state: str
    charge_id: str | None


def build() -> FastAPI:
    """The application."""
    app = service("payments")
    app.post("/charges", status_code=201)(charge)
    return app


async def charge(new: NewCharge, uses: Uses) -> Charge:
    """Charges through the provider; no database connection is held meanwhile. 502 where that fails."""
    async with uses.engine.begin() as connection:
        written = await connection.execute(
            insert(CHARGES).values(**new.model_dump(), state="pending").on_conflict_do_nothing()
        )
        if written.rowcount == 0:
            known = await connection.execute(select(CHARGES).where(CHARGES.c.order_id == new.order_id))
            row = known.one()
            if row.state != "pending":
                return Charge(state=row.state, charge_id=row.charge_id)
    made = await _charge_at_provider(new, uses)
    async with uses.engine.begin() as connection:
        await connection.execute(
            update(CHARGES).where(CHARGES.c.order_id == new.order_id).values(**made.model_dump())
        )
    return made


async def _charge_at_provider(new: NewCharge, uses: Uses) -> Charge:
    body = {
        "idempotency_key": new.order_id,
        "amount_minor": new.amount_minor,
        "currency": CURRENCY,
        "reference": new.order_id,
    }
    async with uses.http.post(f"{uses.settings.provider_url}/v1/charges", json=body) as answer:
        if answer.status not in {200, 201}:
            raise HTTPException(502, f"the provider answered {answer.status}")
        made = await answer.json()
    return Charge(state=made["state"], charge_id=made["charge_id"])
