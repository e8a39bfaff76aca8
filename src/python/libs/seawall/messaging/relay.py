"""The relay: publishes what the outbox holds."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

import msgspec
from prometheus_client import Counter, Gauge
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.messaging.errors import PublishFailed
from seawall.messaging.message import Message
from seawall.messaging.outbox import CHANNEL
from seawall.messaging.ports import Publisher
from seawall.messaging.spans import published
from seawall.sql import STORE_AWAY, Database, Row, Statement
from seawall.telemetry import OutageLog

BATCH = 1_000
POLL_SECONDS = 1.0
# Under load batches begin this far apart: they grow instead of becoming more.
INTERVAL_SECONDS = 0.02
SETTLE_SECONDS = 0.003
LONGEST_SETTLE_SECONDS = 0.1
BACKLOG_COUNTED = 200_000
_LOCK = text("SELECT pg_try_advisory_lock(hashtext('seawall.outbox'), hashtext(:service))")
_READ = Statement("""
SELECT id, topic, key, type, message_id, source, payload, correlation_id, time_ms, headers,
       txid < pg_snapshot_xmin(pg_current_snapshot()) AS settled
FROM outbox WHERE parked IS NULL ORDER BY id LIMIT :limit
""")
_DELETE = Statement("DELETE FROM outbox WHERE id = ANY(CAST(:ids AS bigint[]))")
_PARK = text("UPDATE outbox SET parked = :reason WHERE id = ANY(CAST(:ids AS bigint[]))")
_WITHOUT_FLUSH = text("SET synchronous_commit = off")
_COUNT = text(
    f"SELECT count(*) FROM (SELECT FROM outbox WHERE parked IS NULL LIMIT {BACKLOG_COUNTED}) AS waiting"  # noqa: S608
)

_BACKLOG = Gauge("seawall_outbox_backlog", "Messages of this service that wait to be published")
_PARKED = Counter("seawall_outbox_parked_total", "Messages that the broker will never take")
_log = logging.getLogger(__name__)


class OutboxRelay:
    """Publishes the outbox of one service in order, at least once. One replica at a time does it.

    A message is deleted when the broker has it; a crash in between publishes it again, under the same
    id. Where a message fails, the later ones with its key wait for it.
    """

    def __init__(
        self,
        database: Database,
        publisher: Publisher,
        *,
        service: str,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._database = database
        self._publisher = publisher
        self._service = service
        self._poll_seconds = poll_seconds
        self._woken = asyncio.Event()
        self._backlog = 0
        self._settle_seconds = SETTLE_SECONDS
        self._reading = OutageLog(_log, "reading the outbox")
        self._publishing = OutageLog(_log, "publishing the outbox")

    @property
    def backlog(self) -> int:
        """How many messages wait, counted once a second."""
        return self._backlog

    def wake(self) -> None:
        """Tells that a transaction with messages has committed. Spares the wait for the notification."""
        self._woken.set()

    async def run(self) -> None:
        """Runs until cancelled, through failures of the database and of the broker."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._relay_for_ever())
            group.create_task(self._count_for_ever())

    async def _relay_for_ever(self) -> None:
        while True:
            try:
                async with self._database.listening(CHANNEL, self.wake) as connection:
                    # A deletion that a crash of the server undoes publishes again, under the same id.
                    await connection.execute(_WITHOUT_FLUSH)
                    self._reading.worked()
                    await self._lead(connection)
            except STORE_AWAY as error:
                self._reading.failed(error)
                await asyncio.sleep(POLL_SECONDS)

    async def _lead(self, connection: AsyncConnection) -> None:
        # The lock belongs to this connection: when it breaks, or idles since its process is stopped, another
        # replica takes over.
        while not (await connection.execute(_LOCK, {"service": self._service})).scalar():  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)
        loop = asyncio.get_running_loop()
        while True:
            next_at = loop.time() + INTERVAL_SECONDS
            self._woken.clear()
            more = await self._relay(connection)
            if more is None:
                # Not wait_for: on Python 3.11 it forgets a cancellation that comes together with a wake-up.
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_seconds):
                        await self._woken.wait()
            if more is None or more > 0:
                await asyncio.sleep(max(more or 0.0, next_at - loop.time()))

    async def _relay(self, connection: AsyncConnection) -> float | None:
        """One batch. Returns the seconds to pause before the next, or None to wait until woken."""
        rows = await _READ.fetch(connection, {"limit": BATCH})
        settled = _settled(rows)
        if not settled:
            return self._pause() if rows else None
        self._settle_seconds = SETTLE_SECONDS
        messages = [_message(row) for row in settled]
        try:
            await self._publisher.publish(messages)
        except PublishFailed as error:
            self._publishing.failed(error)
            await self._keep_failed(connection, settled, error)
            return POLL_SECONDS
        self._publishing.worked()
        published(messages)
        await _DELETE.fetch(connection, {"ids": [row["id"] for row in settled]})
        return 0.0 if len(rows) == BATCH else self._pause() if len(settled) < len(rows) else None

    def _pause(self) -> float:
        """Grows while a long transaction keeps the rest from being settled."""
        pause = self._settle_seconds
        self._settle_seconds = min(2 * pause, LONGEST_SETTLE_SECONDS)
        return pause

    async def _keep_failed(
        self, connection: AsyncConnection, rows: Sequence[Row], error: PublishFailed
    ) -> None:
        failed = {message.id for message in error.failed}
        hopeless = {message.id for message in error.hopeless}
        blocked: set[tuple[str, str]] = set()
        done, parked = [], []
        for row in rows:
            if row["message_id"] in hopeless:
                parked.append(row["id"])
            elif row["message_id"] in failed:
                blocked.add((row["topic"], row["key"]))
            elif (row["topic"], row["key"]) not in blocked:
                done.append(row["id"])
        await _DELETE.fetch(connection, {"ids": done})
        if parked:
            _PARKED.inc(len(parked))
            _log.error("messages are parked", extra={"ids": sorted(hopeless), "error": str(error)})
            await connection.execute(_PARK, {"ids": parked, "reason": str(error)})

    async def _count_for_ever(self) -> None:
        while True:
            with suppress(*STORE_AWAY):
                async with self._database.connection() as connection:
                    self._backlog = int((await connection.execute(_COUNT)).scalar_one())
                _BACKLOG.set(self._backlog)
            await asyncio.sleep(POLL_SECONDS)


def _settled(rows: Sequence[Row]) -> list[Row]:
    """The rows that no running transaction can precede, up to the first of their key that is not one."""
    if all(row["settled"] for row in rows):
        return list(rows)
    settled, blocked = [], set()
    for row in rows:
        # A transaction that began early and wrote late is settled before the one it came after.
        if row["settled"] and (row["topic"], row["key"]) not in blocked:
            settled.append(row)
        else:
            blocked.add((row["topic"], row["key"]))
    return settled


def _message(row: Row) -> Message:
    # By position, in the order of _READ: half the time of ten look-ups by name.
    _, topic, key, kind, message_id, source, payload, correlation_id, time_ms, headers, _ = row
    others = msgspec.json.decode(headers) if headers else {}
    return Message(topic, key, kind, message_id, source, payload, correlation_id, time_ms, others)
