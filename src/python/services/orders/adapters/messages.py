"""What orders publishes: its events, and the commands of the checkout."""

import time
from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message as ProtobufMessage

from seawall.messaging import Message, headers_of
from seawall.telemetry import Origin
from services.orders.domain import Order
from shop.inventory.v1 import inventory_pb2
from shop.orders.v1 import orders_pb2
from shop.payments.v1 import payments_pb2

SOURCE = "orders"
EVENTS_TOPIC = "orders.events.v1"
INVENTORY_TOPIC = "inventory.commands.v1"
PAYMENTS_TOPIC = "payments.commands.v1"

# What the commands of a checkout need, kept with the saga: any replica can go on with it.
State = dict[str, Any]


def saga_state(order: Order, origin: Origin) -> State:
    """The state of the order's checkout, in JSON's types."""
    return {
        "order_id": order.order_id,
        "customer_id": order.customer_id,
        "sale_id": order.sale_id,
        "sku": order.sku,
        "quantity": order.quantity,
        "amount_minor": order.amount_minor,
        "currency": order.currency,
        "correlation_id": origin.correlation_id,
        "traceparent": origin.traceparent,
    }


def reserve_stock(state: State) -> Message:
    return _command(INVENTORY_TOPIC, state, inventory_pb2.ReserveStock(**_units(state)), "reserve")


def release_stock(state: State) -> Message:
    return _command(INVENTORY_TOPIC, state, inventory_pb2.ReleaseStock(**_units(state)), "reserve:compensate")


def commit_stock(state: State) -> Message:
    return _command(INVENTORY_TOPIC, state, inventory_pb2.CommitStock(order_id=state["order_id"]), "commit")


def charge_payment(within_seconds: float, clock: Callable[[], float]) -> Callable[[State], Message]:
    """Makes the command to charge; `within_seconds` from then on, by the `clock`, none may be attempted."""

    def command(state: State) -> Message:
        charge = payments_pb2.ChargePayment(
            order_id=state["order_id"],
            customer_id=state["customer_id"],
            amount_minor=state["amount_minor"],
            currency=state["currency"],
            deadline_ms=int((clock() + within_seconds) * 1000),
        )
        return _command(PAYMENTS_TOPIC, state, charge, "charge")

    return command


def void_payment(state: State) -> Message:
    void = payments_pb2.VoidPayment(order_id=state["order_id"])
    return _command(PAYMENTS_TOPIC, state, void, "charge:compensate")


def order_accepted(order: Order, origin: Origin) -> Message:
    event = orders_pb2.OrderAccepted(
        order_id=order.order_id,
        customer_id=order.customer_id,
        sale_id=order.sale_id,
        sku=order.sku,
        quantity=order.quantity,
        amount_minor=order.amount_minor,
        currency=order.currency,
    )
    return _event(order.order_id, event, "accepted", origin)


def order_confirmed(order: Order, origin: Origin) -> Message:
    event = orders_pb2.OrderConfirmed(
        order_id=order.order_id,
        customer_id=order.customer_id,
        sale_id=order.sale_id,
        sku=order.sku,
        quantity=order.quantity,
    )
    return _event(order.order_id, event, "confirmed", origin)


def order_cancelled(order: Order, origin: Origin) -> Message:
    event = orders_pb2.OrderCancelled(
        order_id=order.order_id, customer_id=order.customer_id, reason=order.reason or ""
    )
    return _event(order.order_id, event, "cancelled", origin)


def _units(state: State) -> dict[str, Any]:
    return {name: state[name] for name in ("order_id", "sale_id", "sku", "customer_id", "quantity")}


def _command(topic: str, state: State, command: ProtobufMessage, step: str) -> Message:
    # Sagas that began before there was a traceparent have none.
    origin = Origin(state.get("correlation_id"), state.get("traceparent"))
    return _message(topic, state["order_id"], command, step, origin)


def _event(order_id: str, event: ProtobufMessage, name: str, origin: Origin) -> Message:
    return _message(EVENTS_TOPIC, order_id, event, name, origin)


def _message(topic: str, order_id: str, content: ProtobufMessage, name: str, origin: Origin) -> Message:
    # Not by outgoing(): messages of many requests are made in one batch, each of its own origin.
    return Message(
        topic=topic,
        key=order_id,
        type=content.DESCRIPTOR.full_name,
        id=f"{order_id}:{name}",
        source=SOURCE,
        payload=content.SerializeToString(),
        correlation_id=origin.correlation_id,
        time_ms=time.time_ns() // 1_000_000,
        headers=headers_of(origin),
    )
