"""The work of one member of a group: delivers batches, keeps what failed, says what may be committed."""

import asyncio
import logging
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain

from prometheus_client import Counter, Gauge

from seawall.messaging.delivery import Delivery
from seawall.messaging.failure_policy import FailurePolicy
from seawall.messaging.isolation import Isolated, Lane, isolate
from seawall.messaging.message import Message
from seawall.messaging.parked import Parked, Waiting
from seawall.messaging.position import Partition, Position

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0

_FAILED = Counter("seawall_message_batches_failed_total", "Batches that failed for some message", ["group"])
_PARKED = Gauge("seawall_messages_parked", "Messages of this member that wait to be tried again", ["group"])
_log = logging.getLogger(__name__)


class Work:
    """A batch that fails is halved until what fails stands alone; all else is handled.

    While nothing has failed this adds a few looks at empty containers to a batch.
    """

    def __init__(
        self,
        group: str,
        delivery: Delivery,
        policy: FailurePolicy,
        clock: Callable[[], float] | None = None,
        *,
        max_batch: int = 500,
    ) -> None:
        self._group = group
        self._delivery = delivery
        self._policy = policy
        self._clock = clock or asyncio.get_running_loop().time
        self._max_batch = max_batch
        self._parked = Parked()
        self._read: dict[Partition, int] = {}

    async def handle(self, messages: Sequence[Message]) -> None:
        """Tries what is due again, then these. What a handler raises does not come out of here."""
        fresh = self._policy.received(messages)
        if self._parked:
            await self._try_again()
            fresh = [m for m in fresh if not self._parked.join(self._policy.lane(m), m)]
        if early := self._policy.early(fresh):
            for message in fresh:
                if message.position in early:
                    self._park([message], 0.0, self._clock() + early[message.position])
            fresh = [m for m in fresh if m.position not in early]
        await self._deliver(fresh, {})
        if self._parked:
            _PARKED.labels(self._group).set(len(self._parked))
        else:
            self._delivery.forget()

    def committable(self, read: Mapping[Partition, int]) -> Mapping[Partition, int]:
        """What to commit after `read`, the next offset of each partition: the contiguous watermarks."""
        if not self._read and not self._parked:
            return read
        read = self._read | dict(read)
        firsts = {partition: self._parked.first_offset(partition) for partition in read}
        self._read = {partition: read[partition] for partition, first in firsts.items() if first is not None}
        return {partition: read[partition] if first is None else first for partition, first in firsts.items()}

    def full(self) -> set[Partition]:
        """The partitions of which no more should be read now."""
        return self._parked.full(self._read) if self._parked else set()

    def seconds_to_due(self) -> float | None:
        """Until something that waits can be tried again; None if nothing waits."""
        due_at = self._parked.next_due() if self._parked else None
        return None if due_at is None else max(0.0, due_at - self._clock())

    def drop(self, partitions: Collection[Partition]) -> None:
        """Another member goes on with these, from what was committed."""
        self._parked.drop(partitions)
        for partition in partitions:
            self._read.pop(partition, None)

    async def _try_again(self) -> None:
        if due := self._parked.take_due(self._clock(), self._max_batch):
            again = [message for waiting in due for message in waiting.messages]
            await self._deliver(again, {w.messages[0].position: w.pause_seconds for w in due})
        if not self._parked:
            _PARKED.labels(self._group).set(0)

    async def _deliver(self, messages: Sequence[Message], pauses: Mapping[str, float]) -> None:
        if not messages:
            return
        try:
            await self._delivery(messages)
        except Exception as error:
            _FAILED.labels(self._group).inc()
            isolated = await isolate(self._lanes(messages), error, self._delivery)
            self._log(isolated, error)
            await self._keep(isolated, pauses)

    def _lanes(self, messages: Sequence[Message]) -> list[Lane]:
        lanes: dict[tuple[Partition, str], Lane] = {}
        for message in messages:
            lane = Position.of(message.position).within, self._policy.lane(message)
            lanes.setdefault(lane, []).append(message)
        return list(lanes.values())

    async def _keep(self, isolated: Isolated, pauses: Mapping[str, float]) -> None:
        """Parks what was not handled, unless the policy moves it elsewhere."""
        waits = [lane for lane, _ in isolated.failed]
        if waits and await self._diverted([(lane[0], error) for lane, error in isolated.failed]):
            waits = [lane[1:] for lane in waits if lane[1:]]
        # One draw for all: what failed together is due together, and may then work as one batch.
        share = random.uniform(0.5, 1)
        # A store that is away fails new messages too; old ones that all fail keep nobody from reading on.
        for lanes, rests in ((waits, False), (isolated.given_up, not pauses)):
            for lane in lanes:
                pause = min(2 * pauses.get(lane[0].position, FIRST_PAUSE_SECONDS / 2), LONGEST_PAUSE_SECONDS)
                self._park(lane, pause, self._clock() + pause * share, rests)

    async def _diverted(self, failures: Sequence[tuple[Message, Exception]]) -> bool:
        try:
            return await self._policy.divert(failures)
        except Exception as error:
            _log.warning("failed messages cannot be moved and wait", extra={"error": repr(error)})
            return False

    def _park(self, lane: Lane, pause: float, due_at: float, rests: bool = False) -> None:
        self._parked.park(self._policy.lane(lane[0]), Waiting(lane, due_at, pause, rests))

    def _log(self, isolated: Isolated, error: Exception) -> None:
        first = next(chain((lane for lane, _ in isolated.failed), isolated.given_up), None)
        if first is not None:
            extra = {
                "group": self._group,
                "position": first[0].position,
                "failed": len(isolated.failed),
                "given_up": len(isolated.given_up),
            }
            _log.warning("messages failed and are tried again", exc_info=error, extra=extra)
