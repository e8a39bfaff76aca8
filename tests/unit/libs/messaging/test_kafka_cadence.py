"""The pace of a consumer, with a consumer that remembers what is asked of it."""

import asyncio

from aiokafka import TopicPartition

from seawall.messaging.kafka_cadence import paced

ONE, TWO = TopicPartition("orders", 0), TopicPartition("orders", 1)


class Consumer:
    """Has two partitions."""

    def __init__(self) -> None:
        self.paused: set[TopicPartition] = set()
        self.asked: list[str] = []

    def assignment(self) -> set[TopicPartition]:
        return {ONE, TWO}

    def pause(self, *partitions: TopicPartition) -> None:
        self.asked.append("pause")
        self.paused |= set(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self.asked.append("resume")
        self.paused -= set(partitions)


async def test_nothing_is_fetched_during_a_batch_and_its_rest() -> None:
    """What comes meanwhile comes together."""
    consumer, loop = Consumer(), asyncio.get_running_loop()
    began_at = loop.time()
    async with paced(consumer, 0.03, set()):
        assert consumer.paused == {ONE, TWO}
    assert loop.time() - began_at >= 0.03
    assert consumer.paused == set()


async def test_what_is_held_stays_paused() -> None:
    """Too much of it waits for another reason."""
    consumer = Consumer()
    held: set[TopicPartition] = set()
    async with paced(consumer, 0.001, held):
        held.add(TWO)
    assert consumer.paused == {TWO}


async def test_without_an_interval_the_next_batch_is_fetched_meanwhile() -> None:
    """After a full batch: there is more, and it cannot grow."""
    consumer = Consumer()
    async with paced(consumer, 0.0, set()):
        pass
    assert consumer.asked == []
