"""What the tests of payments drive: a replica, and its provider."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from aiohttp import web
from sqlalchemy import text

from seawall.messaging import Message, Outbox, OutboxRelay, decode, outgoing
from seawall.sql import Database, GroupCommit
from seawall.telemetry import bind_correlation_id, bind_traceparent
from services.payments.adapters.charges_sql import SqlChargeBook, SqlChargeQueue, settle
from services.payments.adapters.provider_http import open_provider
from services.payments.domain import Claim, Outcome
from services.payments.entrypoints.charger import Charger
from services.payments.entrypoints.command_consumer import TOPIC, CommandConsumer
from services.psp_simulator.behaviour import Behaviour, Constant
from services.psp_simulator.charges import Charge
from services.psp_simulator.http_api import CHARGES, DIRECTOR
from shop.payments.v1.payments_pb2 import (
    ChargePayment,
    PaymentCharged,
    PaymentDeclined,
    PaymentVoided,
    VoidPayment,
)

FAST = {"latency": Constant(ms=0)}
EVENTS = (PaymentCharged, PaymentDeclined, PaymentVoided)
TRY_SECONDS = 0.3
_numbers = itertools.count()


class Provider:
    """The simulated provider, steered from inside."""

    def __init__(self, app: web.Application, url: str) -> None:
        self._app = app
        self.url = url

    def behave(self, **behaviour) -> None:
        """Puts a behaviour in force; what hangs is given up soon."""
        self._app[DIRECTOR].direct(Behaviour(**{"hang_seconds": 1.0, **behaviour}))

    def charges(self) -> list[Charge]:
        """The whole book."""
        return self._app[CHARGES].page(0, 1_000_000)

    def states(self) -> dict[str, str]:
        """State by order."""
        return {charge.idempotency_key: charge.state.value for charge in self.charges()}


def charge_command(
    order_id: str,
    *,
    seconds_left: float = 60.0,
    correlation_id: str | None = None,
    traceparent: str | None = None,
) -> Message:
    """A ChargePayment; every call makes a message of its own."""
    event = ChargePayment(
        order_id=order_id,
        customer_id="customer-1",
        amount_minor=500,
        currency="EUR",
        deadline_ms=int((time.time() + seconds_left) * 1000),
    )
    with bind_correlation_id(correlation_id), bind_traceparent(traceparent):
        return outgoing(TOPIC, order_id, event, source="orders", id=f"{order_id}:charge:{next(_numbers)}")


def void_command(order_id: str) -> Message:
    """A VoidPayment; every call makes a message of its own."""
    event = VoidPayment(order_id=order_id)
    return outgoing(TOPIC, order_id, event, source="orders", id=f"{order_id}:void:{next(_numbers)}")


class Collector:
    """A publisher that keeps what it was given."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def publish(self, messages: Sequence[Message]) -> None:
        self.messages.extend(messages)

    def events(self) -> list[Any]:
        """All events, decoded, in the order of their publishing."""
        return [decode(message, *EVENTS) for message in self.messages]


class Taken:
    """Takes claims as a charger does, and keeps them."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.claims: list[Claim] = []

    def take(self, claims: Sequence[Claim]) -> None:
        self.claims.extend(claims)

    def wake(self) -> None:
        """A charger that runs finds out by polling."""


class Payments:
    """One replica."""

    def __init__(self, database: Database, provider_url: str) -> None:
        self.database = database
        self._provider_url = provider_url
        self.published = Collector()
        self._outbox = Outbox()
        self._relay = OutboxRelay(database, self.published, service="payments")

    async def take(self, *messages: Message, room: int = 0) -> list[Claim]:
        """Handles a batch of commands; returns what was claimed with them."""
        attempts = Taken(room)
        book = partial(SqlChargeBook, self._outbox, 5.0)
        await CommandConsumer(self.database, book, attempts).handle(messages)
        return attempts.claims

    async def states(self) -> dict[str, str]:
        """State by order, in payments' own books."""
        async with self.database.connection() as connection:
            rows = await connection.execute(text("SELECT order_id, state FROM charges"))
            return {row.order_id: row.state for row in rows}

    @asynccontextmanager
    async def queue(self, *, lease_seconds: float = 5.0) -> AsyncIterator[SqlChargeQueue]:
        """The queue of charges to act on."""
        async with GroupCommit[Outcome, bool](self.database, settle, one_statement=True) as commits:
            yield SqlChargeQueue(self.database, commits, lease_seconds=lease_seconds, wake=self._relay.wake)

    @asynccontextmanager
    async def running(self, *, replicas: int = 1, lease_seconds: float = 5.0) -> AsyncIterator[None]:
        """Runs chargers and the relay."""
        async with (
            open_provider(self._provider_url, timeout_seconds=TRY_SECONDS) as provider,
            self.queue(lease_seconds=lease_seconds) as queue,
        ):
            chargers = [Charger(queue, provider, concurrency=16, poll_seconds=0.05) for _ in range(replicas)]
            async with _background(self._relay.run(), *(charger.run() for charger in chargers)):
                yield
            for charger in chargers:
                await charger.finish(2 * TRY_SECONDS)


@asynccontextmanager
async def _background(*jobs) -> AsyncIterator[None]:
    tasks = {asyncio.create_task(job) for job in jobs}
    try:
        yield
    finally:
        running = tasks
        while running:
            # Again and again: on Python 3.11 asyncio.wait_for may lose a cancellation.
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=1)
