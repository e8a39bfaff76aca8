"""Prepares the run's own sale through the public API, as the operator would."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp

from tools.rehearsal.customers import sign_in


class PreparationError(Exception):
    """The sale cannot be prepared; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Sale:
    """The sale that the load buys from."""

    sale_id: str
    skus: list[str]


async def prepare_sale(
    gateway: aiohttp.ClientSession,
    *,
    sale_id: str,
    operator_email: str,
    operator_password: str,
    sku_count: int,
    stock: int,
    per_customer_cap: int,
    duration_seconds: float,
) -> Sale:
    """Schedules a sale of the first `sku_count` products, and waits until inventory sells it.

    Errors: PreparationError.
    """
    return await schedule_sale(
        gateway,
        sale_id=sale_id,
        operator_email=operator_email,
        operator_password=operator_password,
        skus=await _skus(gateway, sku_count),
        stock=stock,
        per_customer_cap=per_customer_cap,
        duration_seconds=duration_seconds,
    )


async def schedule_sale(
    gateway: aiohttp.ClientSession,
    *,
    sale_id: str,
    operator_email: str,
    operator_password: str,
    skus: list[str],
    stock: int,
    per_customer_cap: int,
    duration_seconds: float,
) -> Sale:
    """Schedules a sale of these products, and waits until inventory sells it. Errors: PreparationError."""
    token = await sign_in(gateway, operator_email, operator_password)
    now = datetime.now(UTC)
    sale = {
        "sale_id": sale_id,
        "title": "Rehearsal",
        "opens_at": (now - timedelta(minutes=1)).isoformat(),
        "closes_at": (now + timedelta(seconds=duration_seconds, hours=1)).isoformat(),
        "items": [
            {"sku": sku, "stock": stock, "price_minor": 1000 + number, "per_customer_cap": per_customer_cap}
            for number, sku in enumerate(skus)
        ],
    }
    headers = {"authorization": f"Bearer {token}"}
    async with gateway.post("/v1/sales", json=sale, headers=headers) as answer:
        if answer.status != 201:
            raise PreparationError(f"the sale was refused: {answer.status} {await answer.text()}")
    await _until_on_sale(gateway, sale_id, len(skus))
    return Sale(sale_id, skus)


async def _skus(gateway: aiohttp.ClientSession, count: int) -> list[str]:
    skus: list[str] = []
    query: dict[str, str] = {"limit": "100"}
    while len(skus) < count:
        async with gateway.get("/v1/products", params=query, raise_for_status=True) as answer:
            page = await answer.json()
        skus += [item["sku"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    if len(skus) < count:
        raise PreparationError(f"--skus: the catalogue has {len(skus)} products, {count} were asked for")
    return skus[:count]


async def _until_on_sale(gateway: aiohttp.ClientSession, sale_id: str, sku_count: int) -> None:
    for _ in range(300):
        async with gateway.get(f"/v1/sales/{sale_id}/stock") as answer:
            if answer.status == 200 and len((await answer.json())["items"]) == sku_count:
                return
        await asyncio.sleep(0.1)
    raise PreparationError("inventory did not take the sale up within 30 s")
