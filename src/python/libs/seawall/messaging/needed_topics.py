"""The topics that a process needs, made when the broker is there."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping


class NeededTopics:
    """Made once, before the first of a process's clients works with the broker."""

    def __init__(
        self, create: Callable[[Mapping[str, int]], Awaitable[None]], partitions: Mapping[str, int]
    ) -> None:
        self._create = create
        self._missing = dict(partitions)
        self._creating = asyncio.Lock()

    async def ensure(self) -> None:
        """Returns when they are there. Raises what creating raises; then the next caller tries."""
        if not self._missing:
            return
        async with self._creating:
            if self._missing:
                await self._create(self._missing)
                self._missing = {}
