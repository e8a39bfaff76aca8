"""Permits: a limit that may change, and a queue before it in order of importance, then of arrival."""

import asyncio
import contextlib
from collections import deque

Place = asyncio.Future[bool]


class Permits:
    """How many may be under way at once. For one event loop.

    While anybody waits no permit is free: one that is given back goes to who waits.
    """

    def __init__(self, limit: int, ranks: int = 1) -> None:
        """`ranks` says how many degrees of importance there are; 0 is the highest."""
        self.in_use = 0
        self._limit = limit
        self._queues: tuple[deque[Place], ...] = tuple(deque() for _ in range(ranks))

    @property
    def limit(self) -> int:
        """How many may be under way."""
        return self._limit

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(not place.done() for queue in self._queues for place in queue)

    def resize(self, limit: int) -> None:
        """A lower limit ends nothing that is under way; a higher one lets in who waits."""
        self._limit = limit
        self._hand_over()

    def try_take(self) -> bool:
        """Takes a permit if one is free."""
        if self.in_use >= self._limit:
            return False
        self.in_use += 1
        return True

    def give_back(self) -> None:
        """Exactly once for each permit."""
        self.in_use -= 1
        self._hand_over()

    async def wait(self, rank: int = 0) -> bool:
        """Takes a permit when it is one's turn. False if `evict_below` took one's place away.

        Cancelled, it leaves the queue; a permit that it was just given goes to the next.
        """
        place: Place = asyncio.get_running_loop().create_future()
        self._queues[rank].append(place)
        try:
            return await place
        except asyncio.CancelledError:
            if place.cancelled():
                with contextlib.suppress(ValueError):
                    self._queues[rank].remove(place)
            elif place.result():
                self.give_back()
            raise

    def evict_below(self, rank: int) -> bool:
        """Takes away the place of who came last of the least important, if less important than `rank`."""
        for queue in self._queues[:rank:-1]:
            while queue:
                place = queue.pop()
                if not place.done():
                    place.set_result(False)
                    return True
        return False

    def _hand_over(self) -> None:
        for queue in self._queues:
            while queue and self.in_use < self._limit:
                place = queue.popleft()
                if not place.done():
                    self.in_use += 1
                    place.set_result(True)
