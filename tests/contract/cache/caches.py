"""A source that counts, and waits where a test tells it to."""

import asyncio
from contextlib import asynccontextmanager

from seawall.cache import CachePolicy, MessagePack, open_cache
from seawall.testing import until


class Source:
    """Gives `answer`, or raises it, as it was when the load began. A closed gate holds loads."""

    def __init__(self, answer="v1"):
        self.asked, self.answer = 0, answer
        self._gate = asyncio.Event()
        self._gate.set()

    async def __call__(self):
        self.asked += 1
        answer = self.answer
        await self._gate.wait()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        self._gate.clear()

    def open(self):
        self._gate.set()


@asynccontextmanager
async def sighted_cache(store, name="test", **policy):
    """A cache that is told of changes, where the store tells any."""
    async with open_cache(name, store, MessagePack(str), CachePolicy(**policy)) as cache:
        if store.features.tells_changes:
            await until(lambda: cache.is_sighted)
        yield cache


async def holds(cache, key, source):
    """Asks until the answer comes from the first level."""
    before = cache.first_level.hits
    value = await cache.get(key, source)
    return value if cache.first_level.hits > before else None
