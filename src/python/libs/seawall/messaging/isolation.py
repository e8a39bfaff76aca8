"""Finds the messages for which a batch failed, by halving it; all others are handled on the way."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from seawall.messaging.message import Message

Deliver = Callable[[Sequence[Message]], Awaitable[None]]
# Messages that keep their order: behind one that fails the others wait.
Lane = list[Message]

# One bad lane in a batch costs a failure per halving. So many more, without a success, and all fail.
PATIENCE_FAILURES = 4
LONGEST_SECONDS = 10.0


@dataclass(slots=True)
class Isolated:
    """What was not handled: lanes from their first failed message on, and lanes that were given up."""

    failed: list[tuple[Lane, Exception]] = field(default_factory=list)
    given_up: list[Lane] = field(default_factory=list)


async def isolate(lanes: Sequence[Lane], error: Exception, deliver: Deliver) -> Isolated:
    """Delivers all that can be delivered of lanes that failed together with `error`.

    Takes about 2 log2(n) calls for each bad one of n lanes. It gives up where nothing works any more
    (a store that is away is no fault of a message), and where it takes longer than LONGEST_SECONDS.
    """
    search = _Search(deliver, len(lanes).bit_length() + PATIENCE_FAILURES)
    # In an order of chance, so that no pattern of bad lanes makes it give up each time.
    await search.across(random.sample(lanes, len(lanes)), error)
    return search.result()


class _Search:
    def __init__(self, deliver: Deliver, patience: int) -> None:
        self._deliver = deliver
        self._patience = patience
        self._failures = 0
        self._give_up_at = asyncio.get_running_loop().time() + LONGEST_SECONDS
        self._isolated = Isolated()
        self._suspects: list[tuple[Lane, Exception]] = []

    @property
    def _gives_up(self) -> bool:
        return self._failures > self._patience or asyncio.get_running_loop().time() > self._give_up_at

    def result(self) -> Isolated:
        """Suspects since the last success are not blamed if the search was given up."""
        if self._isolated.given_up:
            self._isolated.given_up += [lane for lane, _ in self._suspects]
        else:
            self._isolated.failed += self._suspects
        return self._isolated

    async def across(self, lanes: Sequence[Lane], error: Exception) -> None:
        """Halves lanes that failed together."""
        if len(lanes) == 1:
            await self._along(lanes[0], error)
            return
        middle = len(lanes) // 2
        for half in (lanes[:middle], lanes[middle:]):
            if self._gives_up:
                self._isolated.given_up += half
            elif (failure := await self._try([m for lane in half for m in lane])) is not None:
                await self.across(half, failure)

    async def _along(self, lane: Lane, error: Exception) -> None:
        """The longest beginning of a lane that works is handled; the rest waits behind its first message."""
        start, end = 0, len(lane)
        while end - start > 1 and not self._gives_up:
            middle = (start + end) // 2
            failure = await self._try(lane[start:middle])
            if failure is None:
                start = middle
            else:
                end, error = middle, failure
        self._suspects.append((lane[start:], error))

    async def _try(self, messages: Lane) -> Exception | None:
        try:
            await self._deliver(messages)
        except Exception as error:
            self._failures += 1
            return error
        self._failures = 0
        self._isolated.failed += self._suspects
        self._suspects = []
        return None
