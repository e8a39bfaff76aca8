"""`seawall.cache` beside cashews and aiocache: a hit in the process, with and without Valkey behind it."""

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiocache
from aiocache.serializers import PickleSerializer
from cashews import Cache
from msgspec import Struct

from seawall.cache import CachePolicy, InMemoryStore, MessagePack, SharedStore, TieredCache, open_cache
from seawall.cache.valkey_store import open_valkey_store
from seawall.testing import until
from tools.devstack.shared import shared_server
from tools.libbench.comparison import Comparison, Run, one_by_one

KEY = "product:lamp"
TTL_SECONDS = 3600.0
# Nothing is held in the process: each call reads the second level.
READ_EACH = CachePolicy(ttl_seconds=TTL_SECONDS, l1_ttl_seconds=0.0, l1_blind_ttl_seconds=0.0)


class Product(Struct, frozen=True):
    """What a shop reads most."""

    sku: str
    name: str
    price_minor: int
    tags: tuple[str, ...]


LAMP = Product("lamp", "Harbour lamp, brass", 18900, ("lamp", "brass", "harbour"))


async def load() -> Product:
    """The source; asked once."""
    return LAMP


@asynccontextmanager
async def suite() -> AsyncIterator[list[Comparison]]:
    """Starts a Valkey. Ours asks with a loader at hand, the peers with their plain `get`: their fastest."""
    with tempfile.TemporaryDirectory() as folder, shared_server("valkey", Path(folder)) as url:
        async with (
            open_valkey_store(url, "ours", timeout_seconds=1.0) as store,
            _ours(InMemoryStore()) as in_process,
            _ours(store) as two_tier,
            _ours(store, READ_EACH) as second_level,
            _cashews("mem://") as cashews_memory,
            _cashews(url, client_side=True) as cashews_two_tier,
            _cashews(url, client_side=False) as cashews_valkey,
            _aiocache_valkey(url) as aiocache_valkey,
        ):
            yield [
                Comparison(
                    "hit in the process",
                    _run(partial(in_process.get, KEY, load)),
                    {
                        "cashews": _run(partial(cashews_memory.get, KEY)),
                        "aiocache": _run(partial((await _aiocache_memory()).get, KEY)),
                    },
                    target=">= 5x",
                ),
                Comparison(
                    "hit in the process, Valkey behind it",
                    _run(partial(two_tier.get, KEY, load)),
                    {"cashews, client side": _run(partial(cashews_two_tier.get, KEY))},
                    target=">= 5x",
                ),
                Comparison(
                    "read from Valkey",
                    _run(partial(second_level.get, KEY, load)),
                    {
                        "cashews": _run(partial(cashews_valkey.get, KEY)),
                        "aiocache": _run(partial(aiocache_valkey.get, KEY)),
                    },
                ),
            ]


def _run(call: Callable[[], Awaitable[object]]) -> Run:
    return partial(one_by_one, call)


@asynccontextmanager
async def _ours(store: SharedStore, policy: CachePolicy | None = None) -> AsyncIterator[TieredCache[Product]]:
    policy = policy or CachePolicy(ttl_seconds=TTL_SECONDS)
    async with open_cache("bench", store, MessagePack(Product), policy) as cache:
        await until(lambda: cache.is_sighted)
        await cache.get(KEY, load)
        yield cache


@asynccontextmanager
async def _cashews(url: str, **options: Any) -> AsyncIterator[Cache]:
    cache = Cache()
    cache.setup(url, **options)
    await cache.init()
    await cache.set(KEY, LAMP, expire=TTL_SECONDS)
    await _check(partial(cache.get, KEY))
    try:
        yield cache
    finally:
        await cache.close()


async def _aiocache_memory() -> aiocache.SimpleMemoryCache:
    cache = aiocache.SimpleMemoryCache()
    await cache.set(KEY, LAMP, ttl=TTL_SECONDS)
    await _check(partial(cache.get, KEY))
    return cache


@asynccontextmanager
async def _aiocache_valkey(url: str) -> AsyncIterator[aiocache.RedisCache]:
    host, port = url.removeprefix("redis://").partition("/")[0].split(":")
    async with aiocache.RedisCache(endpoint=host, port=int(port), serializer=PickleSerializer()) as cache:
        await cache.set(KEY, LAMP, ttl=int(TTL_SECONDS))
        await _check(partial(cache.get, KEY))
        yield cache


async def _check(get: Callable[[], Awaitable[object]]) -> None:
    """A peer that misses would be measured at doing nothing. Raises OSError."""
    if await get() != LAMP:
        raise OSError(f"{get} does not hold what was put")
