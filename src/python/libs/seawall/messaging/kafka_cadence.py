"""A steady pace for a consumer: under load a few large batches instead of many small ones."""

import asyncio
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition


@asynccontextmanager
async def paced(
    consumer: AIOKafkaConsumer, interval_seconds: float, held: Container[TopicPartition]
) -> AsyncIterator[None]:
    """Handles a batch in the block; lasts at least `interval_seconds`, in which nothing is fetched.

    With an interval of 0 it does nothing, and the next batch is fetched meanwhile.
    What comes after a quiet time is therefore handled at once, and what comes in the meantime together,
    out of one fetch: aiokafka would fetch the first message that comes, and then no other one.
    Partitions that are `held` at the end stay paused.
    """
    if not interval_seconds:
        yield
        return
    loop = asyncio.get_running_loop()
    next_at = loop.time() + interval_seconds
    resting = [partition for partition in consumer.assignment() if partition not in held]
    consumer.pause(*resting)
    try:
        yield
        await asyncio.sleep(next_at - loop.time())
    finally:
        assigned = consumer.assignment()
        consumer.resume(*(tp for tp in resting if tp in assigned and tp not in held))
