"""A product read through the chassis: out of the process, and out of PostgreSQL each time.

The same service twice, as catalog is made; only what the handler asks differs.
"""

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, redirect_stdout

import msgspec
from aiohttp import web
from msgspec import Struct
from sqlalchemy import text

from seawall.cache import InMemoryStore, MessagePack, TieredCache, open_cache
from seawall.settings import ServiceSettings
from seawall.sql import Database, Statement, open_database
from seawall.telemetry import configure_logging
from seawall.web import operation, web_service
from tools.devstack.shared import shared_server
from tools.libbench.comparison import Comparison
from tools.libbench.database import own_database
from tools.libbench.web import answering

REQUEST = b"GET /v1/products/lamp-7 HTTP/1.1\r\nhost: bench\r\n\r\n"
_CREATE = text("""
CREATE TABLE products AS
SELECT 'lamp-' || n AS sku, 'Harbour lamp ' || n AS name, repeat('Brass. ', 20) AS description,
       18900 AS price_minor
FROM generate_series(1, 1000) AS n
""")
_INDEX = text("ALTER TABLE products ADD PRIMARY KEY (sku)")
_FIND = Statement("SELECT sku, name, description, price_minor FROM products WHERE sku = :sku")

Read = Callable[[str], Awaitable[bytes]]


class Encoded(Struct, frozen=True):
    """An answer as it goes out."""

    body: bytes


@asynccontextmanager
async def suite() -> AsyncIterator[list[Comparison]]:
    """Starts a PostgreSQL, or joins the one that tests share."""
    with ExitStack() as stack:
        nowhere = stack.enter_context(open(os.devnull, "w"))  # noqa: ASYNC230, PTH123 - blocks nobody
        with redirect_stdout(nowhere):
            configure_logging("bench")
        stack.callback(logging.basicConfig, force=True)
        url = stack.enter_context(own_database(stack.enter_context(shared_server("postgres"))))
        async with (
            open_database(url) as database,
            open_cache("bench", InMemoryStore(), MessagePack(Encoded)) as cache,
        ):
            async with database.transaction() as connection:
                await connection.execute(_CREATE)
                await connection.execute(_INDEX)
            read = _from(database)
            async with answering(_service(read)) as uncached, answering(_service(_by(cache, read))) as cached:
                yield [
                    Comparison(
                        "a product by its SKU, held in the process",
                        cached(REQUEST, b"200"),
                        {"without a cache": uncached(REQUEST, b"200")},
                        target=">= 10x",
                    )
                ]


def _service(read: Read) -> web.Application:
    @operation(summary="One product", responses={200: None})
    async def product(request: web.Request) -> web.Response:
        return web.Response(body=await read(request.match_info["sku"]), content_type="application/json")

    routes = [web.get("/v1/products/{sku}", product)]
    return web_service(ServiceSettings(), name="bench", routes=routes)


def _from(database: Database) -> Read:
    async def read(sku: str) -> bytes:
        async with database.connection() as connection:
            (row,) = await _FIND.fetch(connection, {"sku": sku})
        return msgspec.json.encode(dict(row))

    return read


def _by(cache: TieredCache[Encoded], read: Read) -> Read:
    async def cached(sku: str) -> bytes:
        async def load() -> Encoded:
            return Encoded(await read(sku))

        found = await cache.get(sku, load)
        assert found is not None  # noqa: S101 - the load has an answer
        return found.body

    return cached
