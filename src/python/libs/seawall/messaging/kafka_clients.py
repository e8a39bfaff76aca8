"""The life of aiokafka's clients: started when the broker is there, stopped in bounded time."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from seawall.messaging.errors import BrokerUnavailable

START_SECONDS = 60.0
STOP_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 1.0


class Client(Protocol):
    """Any client of aiokafka."""

    async def start(self) -> None:
        """Connects."""


C = TypeVar("C", bound=Client)


async def started(
    make: Callable[[], C], stop: Callable[[C], Awaitable[None]], within_seconds: float = START_SECONDS
) -> C:
    """A client of a broker that may not be up yet. Raises BrokerUnavailable after `within_seconds`."""
    give_up_at = asyncio.get_running_loop().time() + within_seconds
    pause = FIRST_PAUSE_SECONDS
    while True:
        # A new one each time: one that has been stopped starts again, but can never be stopped again.
        client = make()
        try:
            await client.start()
        except (KafkaError, OSError) as error:
            await stop(client)
            if asyncio.get_running_loop().time() >= give_up_at:
                raise BrokerUnavailable(f"the broker does not answer: {error!r}") from error
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        except BaseException:
            await asyncio.shield(asyncio.ensure_future(stop(client)))
            raise
        else:
            return client


async def stop_producer(producer: AIOKafkaProducer) -> None:
    """Flushes and stops; of a broker that is away it takes leave after STOP_SECONDS, unflushed."""
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await producer.flush()
    except TimeoutError:
        # An idempotent producer never gives up a batch, so its stop() would wait for as long as the
        # broker is away. This is stop() without waiting for the flush.
        producer._closed = True
        await producer._sender.close()
        await producer.client.close()
    else:
        await producer.stop()
