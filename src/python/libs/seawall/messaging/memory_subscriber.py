"""A member of a group of a broker in memory. It treats failures as every adapter does."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Protocol

from seawall.messaging.delivery import Delivery
from seawall.messaging.failure_policy import BlockKey
from seawall.messaging.memory_group import Group, Member
from seawall.messaging.message import Message
from seawall.messaging.ports import Handler, Publisher
from seawall.messaging.position import Partition
from seawall.messaging.retry_topics import RetryLater, retry_topics
from seawall.messaging.work import Work

RETRY_PARTITIONS = 2


class Log(Publisher, Protocol):
    """What the broker keeps."""

    def create(self, name: str, partitions: int) -> None:
        """A topic, if it is missing."""

    def partitions(self, topics: Iterable[str]) -> list[Partition]:
        """Those of the topics that exist."""

    def read(self, partition: Partition, offset: int, most: int) -> list[Message]:
        """From an offset on."""

    def watching(self, changed: asyncio.Event) -> AbstractContextManager[None]:
        """Sets the event at each change, for the length of a block."""

    def wake(self) -> None:
        """Tells all who watch that something has changed."""


class MemorySubscriber:
    """Implements Subscriber."""

    def __init__(self, log: Log, topics: Sequence[str], name: str, group: Group, ordered: bool) -> None:
        self._log = log
        self._topics = list(topics)
        self._retry_topics = [] if ordered else retry_topics(topics, name)
        self._name = name
        self._group = group

    async def run(self, handler: Handler, *, max_batch: int = 500) -> None:
        """Until cancelled."""
        for name in self._retry_topics:
            self._log.create(name, RETRY_PARTITIONS)
        delivery = Delivery(handler, self._log.publish)
        work = Work(self._name, delivery, self._policy(), max_batch=max_batch)
        member = self._group.join([*self._topics, *self._retry_topics])
        changed = asyncio.Event()
        with self._log.watching(changed):
            self._log.wake()
            try:
                while True:
                    changed.clear()
                    self._rebalance(member, work)
                    if not await self._handle_some(member, work, max_batch):
                        # Not wait_for: on Python 3.11 it forgets a cancellation that comes with a wake-up.
                        with suppress(TimeoutError):
                            async with asyncio.timeout(work.seconds_to_due()):
                                await changed.wait()
            finally:
                member.leave()
                self._log.wake()

    def _policy(self) -> BlockKey | RetryLater:
        if self._retry_topics:
            return RetryLater(self._topics, self._name, self._log.publish)
        return BlockKey()

    def _rebalance(self, member: Member, work: Work) -> None:
        lost = member.rebalance(self._log.partitions(member.topics))
        if lost:
            work.drop(lost)
            self._log.wake()

    async def _handle_some(self, member: Member, work: Work, most: int) -> bool:
        messages: list[Message] = []
        read = {}
        for partition in set(member.next) - work.full():
            more = self._log.read(partition, member.next[partition], most - len(messages))
            if more:
                messages += more
                read[partition] = member.next[partition] + len(more)
        if not messages and work.seconds_to_due() != 0:
            return False
        await work.handle(messages)
        member.next |= read
        member.commit(work.committable(read))
        return True
