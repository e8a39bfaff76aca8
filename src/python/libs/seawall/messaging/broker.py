"""Opens the broker that a URL names."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from seawall.messaging.kafka import KafkaBroker
from seawall.messaging.ports import Broker

KAFKA = "kafka://"


@asynccontextmanager
async def open_broker(
    url: str, *, client: str, topics: Mapping[str, int] | None = None
) -> AsyncIterator[Broker]:
    """The broker at `kafka://host:port[,host:port...]`. `client` names this process in its logs.

    Raises ValueError for a scheme that has no adapter. Connects at first use, which creates what is
    missing of `topics` (partitions by name): a process starts and works on while its broker is away.
    """
    if not url.startswith(KAFKA) or url == KAFKA:
        raise ValueError("a broker URL has the form kafka://host:port[,host:port...]")
    broker = KafkaBroker(url.removeprefix(KAFKA).rstrip("/"), client, topics or {})
    try:
        yield broker
    finally:
        await broker.close()
