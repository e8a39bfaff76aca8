"""A relay or a consumer that stops at a named point and says so, to be killed there.

`python victim.py relay|consumer POINT KAFKA_URL DATABASE_URL TOPIC [suspended]`
With `suspended` it stops as by SIGSTOP, and goes on when it is continued.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from sqlalchemy import text

from seawall.messaging import Message, OutboxRelay, Publisher, admit, open_broker
from seawall.sql import Database, open_database
from seawall.testing.victims import tell_that_it_stops

RELAY_POINTS = ("before publish", "after publish", "after mark")
CONSUMER_POINTS = ("before work", "before commit", "after commit", "after offset")
EFFECT = text("INSERT INTO effects SELECT unnest(CAST(:ids AS text[]))")


class Stop:
    """Stops at one point: for ever, or suspended once."""

    def __init__(self, point: str, suspended: bool = False) -> None:
        self._point = point
        self._suspended = suspended

    async def at(self, point: str) -> None:
        if point != self._point:
            return
        tell_that_it_stops()
        if not self._suspended:
            await asyncio.Event().wait()
        self._point = ""
        os.kill(os.getpid(), signal.SIGSTOP)


class StoppingPublisher:
    """The relay marks between two calls of this."""

    def __init__(self, publisher: Publisher, stop: Stop) -> None:
        self._publisher = publisher
        self._stop = stop
        self._calls = 0

    async def publish(self, messages: Sequence[Message]) -> None:
        self._calls += 1
        await self._stop.at("before publish")
        if self._calls > 1:
            await self._stop.at("after mark")
        await self._publisher.publish(messages)
        await self._stop.at("after publish")


class Effects:
    """A handler whose effect is one row per message, guarded by the inbox."""

    def __init__(self, database: Database, stop: Stop | None = None) -> None:
        self._database = database
        self._stop = stop or Stop("")
        self._calls = 0

    async def __call__(self, messages: Sequence[Message]) -> None:
        self._calls += 1
        await self._stop.at("before work")
        if self._calls > 1:
            await self._stop.at("after offset")
        async with self._database.transaction() as connection:
            fresh = await admit(connection, "effects", messages)
            await connection.execute(EFFECT, {"ids": [m.id for m in fresh]})
            await self._stop.at("before commit")
        await self._stop.at("after commit")


async def main(
    role: str, point: str, kafka_url: str, database_url: str, topic: str, suspended: str = ""
) -> None:
    stop = Stop(point, bool(suspended))
    async with open_database(database_url) as database, open_broker(kafka_url, client="victim") as broker:
        if role == "consumer":
            await broker.subscriber([topic], topic).run(Effects(database, stop))
        async with broker.publisher() as publisher:
            await OutboxRelay(database, StoppingPublisher(publisher, stop), service="s").run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
