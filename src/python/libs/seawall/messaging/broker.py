"""Opens the broker that a URL names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from seawall.messaging.kafka import KafkaBroker
from seawall.messaging.ports import Broker

KAFKA = "kafka://"


@asynccontextmanager
async def open_broker(url: str, *, client: str) -> AsyncIterator[Broker]:
    """The broker at `kafka://host:port[,host:port...]`. `client` names this process in its logs.

    Raises ValueError for a scheme that has no adapter. Connects at first use.
    """
    if not url.startswith(KAFKA) or url == KAFKA:
        raise ValueError("a broker URL has the form kafka://host:port[,host:port...]")
    broker = KafkaBroker(url.removeprefix(KAFKA).rstrip("/"), client)
    try:
        yield broker
    finally:
        await broker.close()
