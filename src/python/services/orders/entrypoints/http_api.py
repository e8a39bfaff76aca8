"""The HTTP API: place an order, look at it, follow it."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing

from aiohttp import web

from seawall.resilience import Priority
from seawall.web import (
    Problem,
    customer_id,
    event_stream,
    idempotency_key,
    json_response,
    operation,
    query,
    read_json,
)
from services.orders.domain import Order, PlaceOrder
from services.orders.entrypoints.admission import Admission
from services.orders.entrypoints.order_watch import OrderWatch
from services.orders.entrypoints.views import ListOrders, OrdersView, OrderView, PostOrder
from services.orders.ports import Orders

Place = Callable[[PlaceOrder], Awaitable[Order]]
PLACE_ORDER: web.AppKey[Place] = web.AppKey("place_order")
ORDERS: web.AppKey[Orders] = web.AppKey("orders")
WATCH: web.AppKey[OrderWatch] = web.AppKey("watch")
ADMISSION: web.AppKey[Admission] = web.AppKey("admission")

routes = web.RouteTableDef()


@routes.post("/v1/sales/{sale_id}/orders")
@operation(
    summary="Place an order",
    priority=None,
    body=PostOrder,
    responses={202: OrderView, 404: None, 409: None, 422: None, 503: None},
    idempotent=True,
    authenticated=True,
)
async def post_order(request: web.Request) -> web.StreamResponse:
    with request.app[ADMISSION].admitted():
        customer, key = customer_id(request), idempotency_key(request)
        body = await read_json(request, PostOrder)
        wish = PlaceOrder(customer, request.match_info["sale_id"], body.sku, body.quantity, key)
        order = await request.app[PLACE_ORDER](wish)
    headers = {"Location": f"/v1/orders/{order.order_id}"}
    return json_response(OrderView.of(order), status=202, headers=headers)


@routes.get("/v1/orders")
@operation(
    summary="The customer's orders, newest first",
    priority=Priority.SHEDDABLE_PLUS,
    query=ListOrders,
    responses={200: OrdersView},
    authenticated=True,
)
async def list_orders(request: web.Request) -> web.StreamResponse:
    customer = customer_id(request)
    orders = await request.app[ORDERS].of_customer(customer, query(request, ListOrders).limit)
    return json_response(OrdersView([OrderView.of(order) for order in orders]))


@routes.get("/v1/orders/{order_id}")
@operation(summary="An order", responses={200: OrderView, 404: None}, authenticated=True)
async def get_order(request: web.Request) -> web.StreamResponse:
    return json_response(OrderView.of(await _own_order(request)))


@routes.get("/v1/orders/{order_id}/events")
@operation(
    summary="The states of an order as they come, until the last",
    responses={200: None, 404: None},
    authenticated=True,
)
async def get_order_events(request: web.Request) -> web.StreamResponse:
    order = await _own_order(request)
    watch = request.app[WATCH]
    watch.admit()
    async with event_stream(request) as stream, aclosing(watch.follow(order)) as states:
        async for state in states:
            await stream.send("state", OrderView.of(state))
    return stream.response


async def _own_order(request: web.Request) -> Order:
    customer = customer_id(request)
    order = await request.app[ORDERS].find(request.match_info["order_id"], customer)
    if order is None:
        raise Problem(404, "order-unknown", "There is no such order")
    return order
