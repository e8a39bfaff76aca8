"""Standings as messages of payments.events.v1."""

from seawall.messaging import Message, outgoing
from seawall.telemetry import bind_correlation_id, bind_traceparent
from services.payments.domain import Standing, State
from shop.payments.v1.payments_pb2 import PaymentCharged, PaymentDeclined, PaymentVoided

TOPIC = "payments.events.v1"


def event_of(standing: Standing) -> Message:
    """Returns the message that tells a final standing, of the origin of its command."""
    with bind_correlation_id(standing.correlation_id), bind_traceparent(standing.traceparent):
        return outgoing(TOPIC, standing.order_id, _event(standing), source="payments")


def _event(standing: Standing) -> PaymentCharged | PaymentDeclined | PaymentVoided:
    if standing.state is State.CHARGED:
        return PaymentCharged(order_id=standing.order_id, charge_id=standing.charge_id or "")
    if standing.state is State.DECLINED:
        return PaymentDeclined(order_id=standing.order_id, reason=standing.reason or "declined")
    return PaymentVoided(order_id=standing.order_id)
