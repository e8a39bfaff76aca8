"""The public API of the shop in one process: as much of it as the pages use."""

import itertools
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from services.catalog.seed import seed_products, seed_sales


def problem(status: int, kind: str, title: str = "", **extra: Any) -> web.Response:
    """A problem document."""
    body = {"type": f"urn:seawall:problem:{kind}", "title": title or kind, "status": status, "detail": title}
    return web.json_response(body | extra, status=status, content_type="application/problem+json")


@dataclass
class FakeApi:
    """What it remembers, what it counts, and what a test may make it do."""

    customers: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    next_answers: list[web.Response] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    next_state: str = "accepted"
    stock_is_down: bool = False

    def __post_init__(self) -> None:
        products = seed_products()
        sales = seed_sales(products, datetime.now(UTC))
        self.products = {product.sku: _plain(product) for product in products}
        self.sales = {sale.sale_id: _sale(sale) for sale in sales}
        self.stock = {sale.sale_id: {item.sku: item.stock for item in sale.items} for sale in sales}
        self._serial = itertools.count(1)

    def routes(self) -> list[web.RouteDef]:
        """Its routes, each of which may be answered by `next_answers` instead."""
        handlers = [
            ("GET", "/v1/products", self.list_products),
            ("GET", "/v1/products/{sku}", self.get_product),
            ("GET", "/v1/sales", self.list_sales),
            ("GET", "/v1/sales/{sale_id}", self.get_sale),
            ("GET", "/v1/sales/{sale_id}/stock", self.get_stock),
            ("POST", "/v1/customers", self.sign_up),
            ("POST", "/v1/sessions", self.sign_in),
            ("POST", "/v1/sessions/refresh", self.refresh),
            ("DELETE", "/v1/sessions", self.sign_out),
            ("POST", "/v1/sales/{sale_id}/orders", self.place_order),
            ("GET", "/v1/orders", self.list_orders),
            ("GET", "/v1/orders/{order_id}", self.get_order),
        ]
        return [web.route(method, path, self._counted(handler)) for method, path, handler in handlers]

    def expire_tokens(self) -> None:
        """Makes all access tokens invalid; refresh tokens stay."""
        self.tokens.clear()

    def count(self, method: str, path: str) -> int:
        """How often it was asked this."""
        return self.asked.count((method, path))

    def _counted(self, handler: Any) -> Any:
        async def counted(request: web.Request) -> web.Response:
            self.asked.append((request.method, request.path))
            if self.next_answers:
                return self.next_answers.pop(0)
            answer: web.Response = await handler(request)
            return answer

        return counted

    async def list_products(self, request: web.Request) -> web.Response:
        start, limit = int(request.query.get("cursor", "0")), int(request.query["limit"])
        items = list(self.products.values())[start : start + limit]
        more = start + limit < len(self.products)
        return web.json_response({"items": items, "next_cursor": str(start + limit) if more else None})

    async def get_product(self, request: web.Request) -> web.Response:
        product = self.products.get(request.match_info["sku"])
        return web.json_response(product) if product else problem(404, "product-unknown")

    async def list_sales(self, request: web.Request) -> web.Response:
        return web.json_response({"items": list(self.sales.values())})

    async def get_sale(self, request: web.Request) -> web.Response:
        sale = self.sales.get(request.match_info["sale_id"])
        return web.json_response(sale) if sale else problem(404, "sale-unknown")

    async def get_stock(self, request: web.Request) -> web.Response:
        if self.stock_is_down:
            return problem(503, "unavailable")
        stock = self.stock.get(request.match_info["sale_id"])
        if stock is None:
            return problem(404, "sale-unknown")
        items = [{"sku": sku, "available": units, "stock": units} for sku, units in stock.items()]
        return web.json_response({"sale_id": request.match_info["sale_id"], "items": items})

    async def sign_up(self, request: web.Request) -> web.Response:
        body = await request.json()
        if len(body["password"]) < 8:
            return problem(422, "invalid-field", "password: str of length >= 8", field="password")
        if body["email"] in self.customers:
            return problem(409, "email-taken")
        self.customers[body["email"]] = body
        return web.json_response({"customer_id": body["email"], "email": body["email"]}, status=201)

    async def sign_in(self, request: web.Request) -> web.Response:
        body = await request.json()
        customer = self.customers.get(body["email"])
        if customer is None or customer["password"] != body["password"]:
            return problem(401, "bad-credentials")
        return self._tokens(body["email"])

    async def refresh(self, request: web.Request) -> web.Response:
        email = self.refresh_tokens.pop((await request.json())["refresh_token"], None)
        return self._tokens(email) if email else problem(401, "bad-refresh-token")

    async def sign_out(self, request: web.Request) -> web.Response:
        self.refresh_tokens.pop((await request.json())["refresh_token"], None)
        return web.Response(status=204)

    async def place_order(self, request: web.Request) -> web.Response:
        email, body = self._email(request), await request.json()
        if email is None:
            return problem(401, "unauthorized")
        key = request.headers["Idempotency-Key"]
        if key in self.keys:
            return web.json_response(self.orders[self.keys[key]], status=202)
        sale_id, sku, quantity = request.match_info["sale_id"], body["sku"], body["quantity"]
        if self.stock[sale_id][sku] < quantity:
            return problem(409, "sold-out")
        self.stock[sale_id][sku] -= quantity
        order = self._order(email, sale_id, sku, quantity)
        self.keys[key] = order["order_id"]
        return web.json_response(order, status=202, headers={"Location": f"/v1/orders/{order['order_id']}"})

    async def list_orders(self, request: web.Request) -> web.Response:
        email = self._email(request)
        if email is None:
            return problem(401, "unauthorized")
        orders = [order for order in self.orders.values() if order["email"] == email]
        return web.json_response({"items": orders[::-1]})

    async def get_order(self, request: web.Request) -> web.Response:
        email = self._email(request)
        if email is None:
            return problem(401, "unauthorized")
        order = self.orders.get(request.match_info["order_id"])
        is_own = order is not None and order["email"] == email
        return web.json_response(order) if is_own else problem(404, "order-unknown")

    def _email(self, request: web.Request) -> str | None:
        return self.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))

    def _tokens(self, email: str) -> web.Response:
        serial = next(self._serial)
        access, refresh = f"access-{serial}", f"refresh-{serial}"
        self.tokens[access], self.refresh_tokens[refresh] = email, email
        body = {"access_token": access, "token_type": "Bearer", "expires_in": 900, "refresh_token": refresh}
        return web.json_response(body)

    def _order(self, email: str, sale_id: str, sku: str, quantity: int) -> dict[str, Any]:
        item = next(item for item in self.sales[sale_id]["items"] if item["sku"] == sku)
        now = datetime.now(UTC).isoformat()
        order = {
            "order_id": str(uuid.uuid4()),
            "email": email,
            "sale_id": sale_id,
            "sku": sku,
            "quantity": quantity,
            "amount_minor": item["price_minor"] * quantity,
            "currency": "EUR",
            "state": self.next_state,
            "reason": None,
            "placed_at": now,
            "updated_at": now,
        }
        self.orders[order["order_id"]] = order
        return order


def _plain(product: Any) -> dict[str, Any]:
    names = ("sku", "name", "description", "category", "price_minor", "currency", "attributes")
    return {name: getattr(product, name) for name in names}


def _sale(sale: Any) -> dict[str, Any]:
    item_names = ("sku", "name", "stock", "price_minor", "currency", "per_customer_cap")
    items = [{name: getattr(item, name) for name in item_names} for item in sale.items]
    return {
        "sale_id": sale.sale_id,
        "title": sale.title,
        "description": sale.description,
        "opens_at": sale.opens_at.isoformat(),
        "closes_at": sale.closes_at.isoformat(),
        "items": items,
    }


def close_sale(api: FakeApi, sale_id: str) -> None:
    """Lets the sale have ended an hour ago."""
    api.sales[sale_id]["closes_at"] = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
