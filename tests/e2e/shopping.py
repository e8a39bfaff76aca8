"""What a customer does, through the public API."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

import aiohttp

from seawall.testing import until

SALE = "autumn-drop"


@dataclass
class Placed:
    """An order that was accepted, and the ids of its request."""

    order: dict[str, Any]
    correlation_id: str
    trace_id: str


class Customer:
    """Signed up and signed in."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self._session = session
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}

    @classmethod
    async def sign_up(cls, session: aiohttp.ClientSession, url: str) -> "Customer":
        who = {"email": f"{uuid.uuid4().hex}@example.com", "password": "correct horse battery"}
        async with session.post(f"{url}/v1/customers", json=who | {"name": "Ada"}) as response:
            assert response.status == 201, await response.text()
        return await cls.sign_in(session, url, **who)

    @classmethod
    async def sign_in(cls, session: aiohttp.ClientSession, url: str, email: str, password: str) -> "Customer":
        who = {"email": email, "password": password}
        async with session.post(f"{url}/v1/sessions", json=who) as response:
            assert response.status == 200, await response.text()
            return cls(session, url, (await response.json())["access_token"])

    async def get(self, path: str) -> Any:
        async with self._session.get(self._url + path, headers=self._headers) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def buy(self, sale_id: str, sku: str, quantity: int = 1, traceparent: str | None = None) -> Placed:
        """Orders may learn of a sale a moment after inventory has: until then it knows none."""
        headers = self._headers | {"Idempotency-Key": uuid.uuid4().hex}
        if traceparent is not None:
            headers["traceparent"] = traceparent
        path = f"{self._url}/v1/sales/{sale_id}/orders"
        body = {"sku": sku, "quantity": quantity}

        async def placed() -> Placed | None:
            async with self._session.post(path, json=body, headers=headers) as response:
                text = await response.text()
                if response.status == 404 and "sale-unknown" in text:
                    return None
                assert response.status == 202, text
                ids = response.headers["x-request-id"], response.headers["x-trace-id"]
                return Placed(await response.json(), *ids)

        found: Placed = await until(placed)
        return found

    async def follow(self, order_id: str) -> list[str]:
        """The states that the order went through, as its events tell them, to the last one."""
        path = f"{self._url}/v1/orders/{order_id}/events"
        async with self._session.get(path, headers=self._headers) as response:
            assert response.content_type == "text/event-stream"
            lines = [line async for line in response.content]
        return [json.loads(line[5:])["state"] for line in lines if line.startswith(b"data:")]

    async def sku_on_sale(self, sale_id: str = SALE) -> str:
        """One that can be bought now: orders and inventory learn of a sale by its event."""

        async def available() -> str | None:
            async with self._session.get(f"{self._url}/v1/sales/{sale_id}/stock") as response:
                if response.status != 200:
                    return None
                items = (await response.json())["items"]
            return max(items, key=lambda item: item["available"])["sku"] if items else None

        sku: str | None = await until(available, timeout_seconds=20)
        assert sku is not None
        return sku
