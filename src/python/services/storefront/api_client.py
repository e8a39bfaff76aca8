"""The public API as the pages use it: through the gateway, with time-outs, one method per question."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from seawall.resilience import (
    Bulkhead,
    BulkheadSettings,
    DeadlineExceeded,
    Effect,
    Rejected,
    Retry,
    call_headers,
    compose,
    current_deadline,
)
from seawall.resilience.circuit_breaker import CircuitBreaker, CircuitSettings
from seawall.telemetry import outgoing_headers
from services.storefront.api_types import (
    Order,
    OrderList,
    Product,
    ProductPage,
    Sale,
    SaleList,
    Stock,
    Tokens,
)
from services.storefront.errors import ApiProblem, ApiUnavailable, SignInNeeded

T = TypeVar("T")
MAX_RETRY_AFTER_SECONDS = 60
CIRCUIT = CircuitSettings(slow_seconds=4.5, open_seconds=1.0, most_open_seconds=8.0)
_NEVER_SECONDS = 3600.0
CALLS_AT_ONCE = BulkheadSettings(max_concurrent=256, max_waiting=256, max_wait_seconds=1.0)


class _ProblemDocument(msgspec.Struct):
    type: str = "about:blank"
    title: str = ""
    detail: str = ""
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `repeatable` ones are sent again once where the connection broke before the answer."""

    method: str
    path: str
    token: str | None = None
    body: Any = None
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    repeatable: bool = True


class ShopApi:
    """Asks the API at `base_url`. Every method raises ApiUnavailable or ApiProblem."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        *,
        timeout_seconds: float = 5.0,
        circuit: CircuitSettings = CIRCUIT,
    ) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._timeout_seconds = timeout_seconds
        guarded = (CircuitBreaker("api", circuit, is_outage=_is_outage), Bulkhead("api", CALLS_AT_ONCE))
        self._once = compose(*guarded)
        self._repeatable = compose(Retry("api", is_idempotent=True, effect=_effect), *guarded)

    async def products(self, cursor: str | None, limit: int) -> ProductPage:
        """One page of the products."""
        params = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        return await self._ask(Call("GET", "/v1/products", params=params), ProductPage)

    async def product(self, sku: str) -> Product:
        """One product."""
        return await self._ask(Call("GET", f"/v1/products/{_segment(sku)}"), Product)

    async def sales(self) -> list[Sale]:
        """All sales."""
        return (await self._ask(Call("GET", "/v1/sales"), SaleList)).items

    async def sale(self, sale_id: str) -> Sale:
        """One sale."""
        return await self._ask(Call("GET", f"/v1/sales/{_segment(sale_id)}"), Sale)

    async def available(self, sale_id: str) -> dict[str, int]:
        """Units that can be ordered now, by SKU; empty before the stock is counted."""
        try:
            stock = await self._ask(Call("GET", f"/v1/sales/{_segment(sale_id)}/stock"), Stock)
        except ApiProblem as problem:
            if problem.status == 404:
                return {}
            raise
        return {item.sku: item.available for item in stock.items}

    async def sign_up(self, email: str, password: str, name: str) -> None:
        """Makes a customer."""
        body = {"email": email, "password": password, "name": name}
        await self._send(Call("POST", "/v1/customers", body=body, repeatable=False))

    async def sign_in(self, email: str, password: str) -> Tokens:
        """Starts a session."""
        body = {"email": email, "password": password}
        return await self._ask(Call("POST", "/v1/sessions", body=body, repeatable=False), Tokens)

    async def refresh(self, refresh_token: str) -> Tokens:
        """Renews a session; the refresh token is used up by it, so it is never sent twice."""
        body = {"refresh_token": refresh_token}
        return await self._ask(Call("POST", "/v1/sessions/refresh", body=body, repeatable=False), Tokens)

    async def sign_out(self, refresh_token: str) -> None:
        """Ends a session."""
        await self._send(Call("DELETE", "/v1/sessions", body={"refresh_token": refresh_token}))

    async def place_order(self, token: str | None, sale_id: str, sku: str, quantity: int, key: str) -> Order:
        """Places an order; the same key again gives the same order."""
        path = f"/v1/sales/{_segment(sale_id)}/orders"
        body = {"sku": sku, "quantity": quantity}
        return await self._ask(Call("POST", path, token, body, headers={"Idempotency-Key": key}), Order)

    async def order(self, token: str | None, order_id: str) -> Order:
        """One of the customer's orders."""
        return await self._ask(Call("GET", f"/v1/orders/{_segment(order_id)}", token), Order)

    async def orders(self, token: str | None, limit: int = 50) -> list[Order]:
        """The customer's latest orders."""
        return (
            await self._ask(Call("GET", "/v1/orders", token, params={"limit": str(limit)}), OrderList)
        ).items

    async def _ask(self, call: Call, answer: type[T]) -> T:
        raw = await self._send(call)
        try:
            return msgspec.json.decode(raw, type=answer)
        except msgspec.DecodeError as error:
            raise ApiUnavailable(f"{call.method} {call.path}: not the answer expected: {error}") from error

    async def _send(self, call: Call) -> bytes:
        policy = self._repeatable if call.repeatable else self._once
        try:
            return await policy.execute(partial(self._send_once, call))
        except (aiohttp.ClientError, DeadlineExceeded, TimeoutError) as error:
            raise ApiUnavailable(f"{call.method} {call.path}: {error or 'timed out'}") from error
        except Rejected as error:
            raise ApiUnavailable(f"{call.method} {call.path}: not sent: {error}", 2) from error

    def _timeout(self) -> aiohttp.ClientTimeout:
        deadline = current_deadline()
        total = self._timeout_seconds
        if deadline is not None:
            total = min(total, deadline.for_next_hop())
        # aiohttp rounds what is as long as the threshold up to a whole second.
        return aiohttp.ClientTimeout(total=total, connect=min(2.0, total), ceil_threshold=_NEVER_SECONDS)

    async def _send_once(self, call: Call) -> bytes:
        headers = {**outgoing_headers(), **call_headers(), **(call.headers or {})}
        if call.token:
            headers["Authorization"] = f"Bearer {call.token}"
        data = None
        if call.body is not None:
            headers["Content-Type"] = "application/json"
            data = msgspec.json.encode(call.body)
        async with self._session.request(
            call.method,
            self._base_url + call.path,
            params=call.params,
            data=data,
            headers=headers,
            timeout=self._timeout(),
            allow_redirects=False,
        ) as response:
            raw = await response.read()
            if response.status >= 300:
                raise _problem(response, raw, f"{call.method} {call.path}")
            return raw


def _effect(error: Exception) -> Effect:
    """A connection that broke may have been idle for too long; one that cannot be made is not tried again."""
    broke = isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)
    return Effect.UNKNOWN if broke and not isinstance(error, aiohttp.ClientConnectorError) else Effect.FINAL


def _is_outage(error: Exception) -> bool:
    # Of the gateway itself. Its 503 is of one service behind it, or of one that has too much to do.
    return isinstance(error, aiohttp.ClientError | TimeoutError)


def _segment(text: str) -> str:
    if text in ("", ".", ".."):  # would be taken for a step in the path
        raise ApiProblem(404, "not-found", "Nothing here", "")
    return quote(text, safe="")


def _problem(response: aiohttp.ClientResponse, raw: bytes, asked: str) -> ApiProblem | ApiUnavailable:
    if response.status in (502, 503, 504):
        return ApiUnavailable(f"{asked}: {response.status}", _retry_after_seconds(response))
    try:
        document = msgspec.json.decode(raw, type=_ProblemDocument)
    except msgspec.DecodeError:
        document = _ProblemDocument()
    kind = SignInNeeded if response.status == 401 else ApiProblem
    name = document.type.rpartition(":")[2]
    return kind(response.status, name, document.title, document.detail, document.field)


def _retry_after_seconds(response: aiohttp.ClientResponse) -> int:
    text = response.headers.get("Retry-After", "")
    return min(MAX_RETRY_AFTER_SECONDS, max(1, int(text))) if text.isascii() and text.isdigit() else 5
