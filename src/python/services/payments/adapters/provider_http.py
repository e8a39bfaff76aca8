"""The payment provider over HTTP. The idempotency key of a charge is its order's id."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Literal, Protocol
from urllib.parse import quote

import msgspec
from prometheus_client import Histogram

from seawall.resilience import CircuitOpen, Policy
from seawall.resilience.circuit_breaker import CircuitBreaker, CircuitSettings
from seawall.telemetry import Kind, outgoing_headers, span
from services.payments.adapters.http_client import CallFailed, HttpClient
from services.payments.domain import Approved, CallRejectedError, OutcomeUnknownError, Refused

CALL_SECONDS = Histogram(
    "shop_payment_provider_call_seconds",
    "Calls to the payment provider, by what they came to",
    ["call", "outcome"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
)


class ChargeReply(msgspec.Struct, frozen=True):
    """What we read of the provider's charge."""

    state: Literal["charged", "declined", "voided"]
    charge_id: str | None = None


@asynccontextmanager
async def open_provider(url: str, *, timeout_seconds: float) -> AsyncIterator["HttpProvider"]:
    """Opens a client of the provider at `url`; each call is given up after `timeout_seconds`."""
    async with HttpClient(url, timeout_seconds=timeout_seconds) as client:
        yield HttpProvider(client, circuit(timeout_seconds))


def circuit(timeout_seconds: float) -> CircuitBreaker:
    """Leaves a provider alone that fails or does not answer. A slow one, within the time-out, is used."""
    settings = CircuitSettings(
        window_seconds=10.0, slow_seconds=timeout_seconds, open_seconds=1.0, most_open_seconds=8.0
    )
    return CircuitBreaker("provider", settings, is_outage=lambda e: isinstance(e, OutcomeUnknownError))


class Client(Protocol):
    """The part of HttpClient that is used here."""

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body. Raises CallFailed."""


class HttpProvider:
    """Implements ports.Provider. What is not sent, since the provider is left alone, has no outcome."""

    def __init__(self, client: Client, policy: Policy) -> None:
        self._client = client
        self._policy = policy

    async def charge(self, order_id: str, amount_minor: int, currency: str) -> Approved | Refused:
        body = {
            "idempotency_key": order_id,
            "amount_minor": amount_minor,
            "currency": currency,
            "reference": order_id,
        }
        status, answer = await self._post("charge", "/v1/charges", msgspec.json.encode(body))
        if status == 409:
            return Refused("voided")
        reply = _decode(status, answer)
        if reply.state == "charged" and reply.charge_id:
            return Approved(reply.charge_id)
        return Refused(reply.state)

    async def void(self, order_id: str) -> None:
        status, answer = await self._post("void", f"/v1/charges/{quote(order_id, safe='')}/void", b"")
        if _decode(status, answer).state == "charged":
            raise OutcomeUnknownError("the provider says that a voided charge is charged")

    async def _post(self, call: str, path: str, body: bytes) -> tuple[int, bytes]:
        try:
            return await self._policy.execute(partial(self._post_once, call, path, body))
        except CircuitOpen as error:
            raise OutcomeUnknownError(f"{call}: {error}") from error

    async def _post_once(self, call: str, path: str, body: bytes) -> tuple[int, bytes]:
        outcome = "unknown"
        started_at = time.perf_counter()
        try:
            with span(f"provider {call}", Kind.CLIENT):
                status, answer = await self._client.post(path, body, outgoing_headers())
            outcome = "unknown" if _is_ambiguous(status) else str(status)
        except CallFailed as error:
            raise OutcomeUnknownError(f"{call}: {error}") from error
        finally:
            CALL_SECONDS.labels(call, outcome).observe(time.perf_counter() - started_at)
        if _is_ambiguous(status):
            raise OutcomeUnknownError(f"the provider answered {status}")
        return status, answer


def _decode(status: int, answer: bytes) -> ChargeReply:
    if status >= 400:
        raise CallRejectedError(f"the provider answered {status}")
    try:
        return msgspec.json.decode(answer, type=ChargeReply)
    except msgspec.DecodeError as error:
        raise OutcomeUnknownError("the provider's answer cannot be read") from error


def _is_ambiguous(status: int) -> bool:
    return status >= 500 or status in (408, 425, 429) or status < 200
