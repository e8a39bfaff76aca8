"""The adapters of the ports Publisher and Subscriber, with what each promises."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from seawall.messaging import Broker, open_broker
from seawall.messaging.memory import MemoryBroker


@dataclass(frozen=True)
class Features:
    """Where adapters differ. All else in the contract holds for each."""

    outlives_its_client: bool


@dataclass(frozen=True)
class Adapter:
    """One adapter, and how a test gets a broker of it."""

    features: Features
    open: Callable[[], AbstractAsyncContextManager[Broker]]

    @asynccontextmanager
    async def topic(self, name: str, partitions: int = 4) -> AsyncIterator[Broker]:
        async with self.open() as broker:
            await broker.ensure_topics({name: partitions})
            yield broker


def kafka(url: str) -> Adapter:
    return Adapter(Features(outlives_its_client=True), lambda: open_broker(url, client="tests"))


def memory() -> Adapter:
    return Adapter(Features(outlives_its_client=False), lambda: MemoryBroker().open("", client="tests"))
