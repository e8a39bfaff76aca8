"""`seawall.web` beside bare aiohttp and FastAPI: a request through each one's protocol, without a socket.

Bytes go into the protocol and come out of it as they would from a connection, so that the kernel and a
client, the same for all, do not hide what a framework costs. Ours logs each request, into a file that is
thrown away, counts it, and sheds load; the others do nothing of it.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, redirect_stdout
from functools import partial
from typing import Annotated, Any

import msgspec
from aiohttp import web
from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from seawall.settings import ServiceSettings
from seawall.telemetry import configure_logging
from seawall.web import json_response, operation, read_json, web_service
from tools.libbench.comparison import Comparison, Run

HELLO = b"GET /hello HTTP/1.1\r\nhost: bench\r\n\r\n"
BODY = b'{"sku":"lamp","quantity":1}'
ORDER = (
    b"POST /sales/s1/orders HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(BODY), BODY)
)


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """What ours decodes and checks."""

    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=10)]


class OrderModel(BaseModel):
    """The same for FastAPI."""

    model_config = ConfigDict(extra="forbid")
    sku: Annotated[str, Field(min_length=1, max_length=64)]
    quantity: Annotated[int, Field(ge=1, le=10)]


class _Wire(asyncio.Transport):
    """A connection whose other side reads everything at once."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = asyncio.Event()
        self.sent = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += bytes(data)
        self.answered.set()

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """There is one only."""

    def close(self) -> None:
        """Nothing to close."""

    abort = pause_reading = resume_reading = close


async def _ask(
    protocol: asyncio.Protocol, wire: _Wire, request: bytes, status: bytes, operations: int
) -> None:
    for _ in range(operations):
        wire.answered.clear()
        wire.sent = b""
        protocol.data_received(request)
        # A head and its body may come in two pieces.
        while not (wire.sent.startswith(b"HTTP/1.1 " + status) and b"\r\n\r\n" in wire.sent):
            await wire.answered.wait()
            if not wire.sent.startswith(b"HTTP/1.1 " + status):
                raise OSError(f"answered {wire.sent[:80]!r}")
        await asyncio.sleep(0)


@asynccontextmanager
async def suite() -> AsyncIterator[list[Comparison]]:
    """Needs nothing."""
    with ExitStack() as stack:
        nowhere = stack.enter_context(open(os.devnull, "w"))  # noqa: ASYNC230, PTH123 - blocks nobody
        with redirect_stdout(nowhere):
            configure_logging("bench")
        stack.callback(logging.basicConfig, force=True)
        async with _fastapi() as fastapi, answering(_bare()) as bare, answering(_ours()) as ours:
            yield [
                Comparison(
                    "hello",
                    ours(HELLO, b"200"),
                    {"aiohttp": bare(HELLO, b"200"), "FastAPI": fastapi(HELLO, b"200")},
                    target=">= 0.8x aiohttp",
                ),
                Comparison(
                    "an order of 27 bytes",
                    ours(ORDER, b"202"),
                    {"aiohttp": bare(ORDER, b"202"), "FastAPI": fastapi(ORDER, b"202")},
                ),
            ]


def _run(protocol: asyncio.Protocol, wire: _Wire, request: bytes, status: bytes) -> Run:
    return partial(_ask, protocol, wire, request, status)


@asynccontextmanager
async def answering(app: web.Application) -> AsyncIterator[Any]:
    """A function of a request's bytes and the status that it is to have; it makes a Run of asking for it."""
    runner = web.AppRunner(app, access_log=None, auto_decompress=False)
    await runner.setup()
    try:
        assert runner.server is not None  # noqa: S101
        protocol, wire = runner.server(), _Wire()
        protocol.connection_made(wire)
        yield partial(_run, protocol, wire)
    finally:
        await runner.cleanup()


def _ours() -> web.Application:
    @operation(summary="Says hello", responses={200: None})
    async def hello(_: web.Request) -> web.Response:
        return json_response({"hello": "world"})

    @operation(summary="Takes an order", body=Order, responses={202: Order})
    async def order(request: web.Request) -> web.Response:
        return json_response(await read_json(request, Order), status=202)

    routes = [web.get("/hello", hello), web.post("/sales/{sale_id}/orders", order)]
    return web_service(ServiceSettings(), name="bench", routes=routes)


def _bare() -> web.Application:
    async def hello(_: web.Request) -> web.Response:
        return web.Response(body=b'{"hello":"world"}', content_type="application/json")

    async def order(request: web.Request) -> web.Response:
        return web.Response(status=202, body=await request.read(), content_type="application/json")

    app = web.Application()
    app.add_routes([web.get("/hello", hello), web.post("/sales/{sale_id}/orders", order)])
    return app


@asynccontextmanager
async def _fastapi() -> AsyncIterator[Any]:
    app = FastAPI(openapi_url=None)

    @app.get("/hello")
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    @app.post("/sales/{sale_id}/orders", status_code=202)
    async def order(sale_id: str, body: OrderModel, response: Response) -> OrderModel:
        return body

    config = Config(app, lifespan="off", log_config=None, access_log=False)
    config.load()
    protocol, wire = HttpToolsProtocol(config, ServerState(), app_state={}), _Wire()
    protocol.connection_made(wire)
    yield partial(_run, protocol, wire)
