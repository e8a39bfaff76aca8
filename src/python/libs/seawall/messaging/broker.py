"""Opens the broker that a URL names."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from seawall.messaging.kafka import KafkaBroker
from seawall.messaging.kafka_address import kafka_address
from seawall.messaging.ports import Broker


@asynccontextmanager
async def open_broker(
    url: str, *, client: str, topics: Mapping[str, int] | None = None
) -> AsyncIterator[Broker]:
    """The broker at `kafka://host:port[,host:port...]`. `client` names this process in its logs.

    `kafkas://user:password@host:port[,host:port...][?ca=FILE]` goes by TLS: see `kafka_address`. Raises
    ValueError for a scheme that has no adapter. Connects at first use, which creates what is
    missing of `topics` (partitions by name): a process starts and works on while its broker is away.
    """
    broker = KafkaBroker(kafka_address(url), client, topics or {})
    try:
        yield broker
    finally:
        await broker.close()
