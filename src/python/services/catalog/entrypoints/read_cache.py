"""Answers kept encoded, in the process and among replicas, so that a crowd on one page costs one query."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from seawall.cache import CachePolicy, InMemoryStore, MessagePack, SharedStore, TieredCache, open_cache
from seawall.cache.valkey_store import open_valkey_store
from seawall.web import entity_tag
from services.catalog.domain import UnknownProduct, UnknownSale

# A failing database is answered for as long as Cache-Control promises (stale-if-error).
_STALE_SECONDS = 300.0
_L1_BYTES = 16 * 1024 * 1024
SHARED = CachePolicy(ttl_seconds=60.0, stale_seconds=_STALE_SECONDS, l1_bytes=_L1_BYTES)
# Nobody tells what other replicas change.
ALONE = CachePolicy(ttl_seconds=1.0, stale_seconds=_STALE_SECONDS, l1_bytes=_L1_BYTES)
SALES = "sales"


@dataclass(frozen=True, slots=True)
class Encoded:
    """A JSON body and its strong entity tag."""

    body: bytes
    etag: str


def encode(value: Any) -> Encoded:
    """The value as JSON, tagged by its content."""
    body = msgspec.json.encode(value)
    return Encoded(body, entity_tag(body))


def sale_key(sale_id: str) -> str:
    """Where the answer for a sale is kept."""
    return f"sale:{sale_id}"


class ReadCache:
    """Encoded answers by key; what they may be worth is said by SHARED and ALONE."""

    def __init__(self, cache: TieredCache[Encoded]) -> None:
        self._cache = cache

    async def get(self, key: str, load: Callable[[], Awaitable[Any]]) -> Encoded | None:
        """The encoded answer; None where `load` raises UnknownProduct or UnknownSale. Raises all else."""

        async def load_encoded() -> Encoded | None:
            try:
                return encode(await load())
            except (UnknownProduct, UnknownSale):
                return None

        return await self._cache.get(key, load_encoded)

    async def sale_scheduled(self, sale_id: str) -> None:
        """After this no replica answers as if the sale were not there, if the shared cache can be reached."""
        await asyncio.gather(*(self._cache.delete(key) for key in (SALES, sale_key(sale_id))))


@asynccontextmanager
async def open_reads(valkey_url: str | None, prefix: str) -> AsyncIterator[ReadCache]:
    """Answers shared through Valkey below `prefix`; without a URL each replica keeps its own for a second."""
    if valkey_url is None:
        async with _reads(InMemoryStore(), ALONE) as reads:
            yield reads
    else:
        async with open_valkey_store(valkey_url, prefix) as store, _reads(store, SHARED) as reads:
            yield reads


@asynccontextmanager
async def _reads(store: SharedStore, policy: CachePolicy) -> AsyncIterator[ReadCache]:
    async with open_cache("catalog", store, MessagePack(Encoded), policy) as cache:
        yield ReadCache(cache)
