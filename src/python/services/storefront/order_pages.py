"""Buying, and what became of it."""

import asyncio
from urllib.parse import quote

from aiohttp import web

from services.storefront.api_types import Order, Sale
from services.storefront.errors import ApiProblem, ApiUnavailable, ShopError, SignInNeeded
from services.storefront.forms import is_key, read_form
from services.storefront.keys import API
from services.storefront.page_errors import Trouble, describe, see_other, trouble_page
from services.storefront.rendering import page
from services.storefront.session import as_customer

routes = web.RouteTableDef()
MAX_QUANTITY = 10
REASONS = {
    "sold_out": "The stock was gone before your order could be set aside. You were not charged.",
    "customer_cap": "It would have been more than one customer may have. You were not charged.",
    "declined": "Your payment was declined. You were not charged, and the goods went back on the shelf.",
    "deadline": "The payment did not come through in time. You were not charged, or it is undone.",
    "charge_timeout": "The payment did not come through in time. You were not charged, or it is undone.",
    "reserve_timeout": "We could not set the goods aside in time. You were not charged.",
}
OTHER_REASON = "It could not be completed. You were not charged, or will get your money back."


@routes.post("/sales/{sale_id}/buy")
async def buy(request: web.Request) -> web.Response:
    """Places the order that the form describes, once however often it is sent, and shows it."""
    fields = await read_form(request)
    sale_id, sku, key = request.match_info["sale_id"], fields.get("sku", ""), fields.get("key", "")
    quantity = _quantity(fields.get("quantity", ""))
    item_path = f"/sales/{quote(sale_id, safe='')}/items/{quote(sku, safe='')}"
    if not sku or quantity is None or not is_key(key):
        text = f"Choose a quantity from 1 to {MAX_QUANTITY}."
        return trouble_page(request, Trouble(422, "The form is not complete", text, (("Back", item_path),)))
    api = request.app[API]
    try:
        order = await as_customer(request, lambda token: api.place_order(token, sale_id, sku, quantity, key))
    except SignInNeeded:
        return see_other(f"/sign-in?next={quote(item_path, safe='')}")
    except ApiUnavailable as error:
        return trouble_page(request, _unknown_outcome(error, request.path, fields))
    except ApiProblem as problem:
        return trouble_page(request, _refused(problem, sale_id, item_path))
    return see_other(f"/orders/{order.order_id}")


@routes.get("/orders")
async def orders_page(request: web.Request) -> web.Response:
    """The customer's latest orders."""
    api = request.app[API]
    orders = await as_customer(request, api.orders)
    try:
        sales = await api.sales() if orders else []
    except ShopError:
        sales = []
    names = {(sale.sale_id, item.sku): item.name for sale in sales for item in sale.items}
    return page(request, "orders.html", orders=orders, names=names)


@routes.get("/orders/{order_id}")
async def order_page(request: web.Request) -> web.Response:
    """One order; the page follows it until it is confirmed or cancelled."""
    api, order_id = request.app[API], request.match_info["order_id"]
    order = await as_customer(request, lambda token: api.order(token, order_id))
    reason = REASONS.get(order.reason or "", OTHER_REASON)
    return page(request, "order.html", order=order, name=await _name(request, order), reason=reason)


async def _name(request: web.Request, order: Order) -> str:
    try:
        async with asyncio.timeout(1.0):
            sale: Sale = await request.app[API].sale(order.sale_id)
    except (ShopError, TimeoutError):
        return order.sku
    item = sale.item(order.sku)
    return item.name if item else order.sku


def _quantity(text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) <= 3
    return int(text) if is_number and 1 <= int(text) <= MAX_QUANTITY else None


def _unknown_outcome(error: ApiUnavailable, path: str, fields: dict[str, str]) -> Trouble:
    """The order may have been taken: the same form, key included, finds out without ordering twice."""
    return Trouble(
        503,
        "We cannot tell yet whether that worked",
        "The shop did not answer in time. Trying again is safe: it never orders a second time.",
        links=(("Your orders", "/orders"),),
        retry_after_seconds=error.retry_after_seconds,
        retry_form=(path, {name: fields[name] for name in ("sku", "quantity", "key")}),
    )


def _refused(problem: ApiProblem, sale_id: str, item_path: str) -> Trouble:
    trouble = describe(problem)
    links = [("Back to the sale", f"/sales/{quote(sale_id, safe='')}"), ("Your orders", "/orders")]
    if problem.type in ("idempotency-key-reused", "customer-cap-reached"):
        links.insert(0, ("Back to the item", item_path))
    return Trouble(trouble.status, trouble.title, trouble.text, tuple(links), trouble.retry_after_seconds)
