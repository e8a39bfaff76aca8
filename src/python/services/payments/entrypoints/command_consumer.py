"""Takes ChargePayment and VoidPayment, a batch of messages in one transaction."""

from collections.abc import Callable, Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.messaging import Message, admit, decode, origin_of, purge_inbox
from seawall.sql import Database
from services.payments.domain import ChargeRequest, Claim, VoidRequest
from services.payments.ports import ChargeBook
from services.payments.use_cases import take_commands
from shop.payments.v1.payments_pb2 import ChargePayment, VoidPayment

CONSUMER = "payments"
TOPIC = "payments.commands.v1"


class Attempts(Protocol):
    """Who makes the attempts: the charger."""

    @property
    def room(self) -> int:
        """How many claims it takes now."""

    def take(self, claims: Sequence[Claim]) -> None:
        """Gets claims that are committed."""

    def wake(self) -> None:
        """Hears that there is more to claim."""


class CommandConsumer:
    """Hands each command to the use case once, however often it is delivered."""

    def __init__(
        self,
        database: Database,
        open_book: Callable[[AsyncConnection], ChargeBook],
        attempts: Attempts,
    ) -> None:
        self._database = database
        self._open_book = open_book
        self._attempts = attempts

    async def handle(self, messages: Sequence[Message]) -> None:
        """Takes a batch. Raises Undecodable for a message that is no command."""
        commands = {message.id: _command(message) for message in messages}
        async with self._database.transaction() as connection:
            fresh = [commands[message.id] for message in await admit(connection, CONSUMER, messages)]
            if not fresh:
                return
            charges = [command for command in fresh if isinstance(command, ChargeRequest)]
            voids = [command for command in fresh if isinstance(command, VoidRequest)]
            book = self._open_book(connection)
            claims = await take_commands(book, charges, voids, room=self._attempts.room)
        self._attempts.take(claims)
        if len(claims) < len(fresh):
            self._attempts.wake()

    async def purge(self, older_than_seconds: float) -> None:
        """Forgets which messages were handled, where they cannot come again."""
        await purge_inbox(self._database, older_than_seconds)


def _command(message: Message) -> ChargeRequest | VoidRequest:
    event = decode(message, ChargePayment, VoidPayment)
    if isinstance(event, VoidPayment):
        return VoidRequest(event.order_id, *origin_of(message))
    origin = origin_of(message)
    return ChargeRequest(
        order_id=event.order_id,
        customer_id=event.customer_id,
        amount_minor=event.amount_minor,
        currency=event.currency,
        deadline_ms=event.deadline_ms,
        correlation_id=origin.correlation_id,
        traceparent=origin.traceparent,
    )
