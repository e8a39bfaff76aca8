"""A small service that shows what the chassis does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from seawall.resilience import DeadlineExceeded, current_attempt, current_deadline
from seawall.settings import ServiceSettings
from seawall.telemetry import current_correlation_id, current_trace_id
from seawall.web import (
    Problem,
    customer_id,
    event_stream,
    idempotency_key,
    json_response,
    operation,
    query,
    read_body,
    read_json,
    require_role,
    web_service,
)


class Line(msgspec.Struct, forbid_unknown_fields=True):
    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=10)] = 1


class Basket(msgspec.Struct, forbid_unknown_fields=True):
    lines: Annotated[list[Line], msgspec.Meta(max_length=3)]


class Page(msgspec.Struct, forbid_unknown_fields=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


class Note(msgspec.Struct, forbid_unknown_fields=True):
    text: str = ""
    attributes: dict[str, Any] = {}
    extra: Any = None


class Lax(msgspec.Struct):
    anything: int = 0


class SoldOut(Exception):
    pass


class SoldOutTwice(SoldOut):
    pass


routes = web.RouteTableDef()


@routes.get("/v1/time-left")
async def time_left(request: web.Request) -> web.Response:
    deadline = current_deadline()
    return json_response(None if deadline is None else deadline.remaining_seconds())


@routes.get("/v1/attempt")
async def attempt(request: web.Request) -> web.Response:
    return json_response(current_attempt())


@routes.get("/v1/no-time-left")
async def no_time_left(request: web.Request) -> web.Response:
    raise DeadlineExceeded("of a call inside")


@routes.post("/v1/baskets/{basket_id}")
@operation(
    summary="Fill", body=Basket, responses={200: Basket, 409: None}, idempotent=True, authenticated=True
)
async def fill(request: web.Request) -> web.Response:
    """Fills a basket."""
    return json_response(await read_json(request, Basket))


@routes.get("/v1/baskets")
@operation(summary="List", query=Page, responses={200: Page})
async def list_(request: web.Request) -> web.Response:
    return json_response(query(request, Page))


@routes.get("/v1/who")
async def who(request: web.Request) -> web.Response:
    return json_response({"id": customer_id(request), "operator": require_role(request, "operator")})


@routes.post("/v1/key")
async def key(request: web.Request) -> web.Response:
    ids = {"correlation_id": current_correlation_id(), "trace_id": current_trace_id()}
    return json_response({"key": idempotency_key(request), **ids})


@routes.post("/v1/notes")
async def note(request: web.Request) -> web.Response:
    return json_response(await read_json(request, Note))


@routes.post("/v1/raw")
async def raw(request: web.Request) -> web.Response:
    return json_response(len(await read_body(request)))


@routes.post("/v1/lax")
async def lax(request: web.Request) -> web.Response:
    return json_response(await read_json(request, Lax))


@routes.get("/v1/fail/{how}")
async def fail(request: web.Request) -> web.Response:
    errors = {
        "sold": SoldOutTwice("x"),
        "bug": ValueError("secret detail"),
        "store": ConnectionResetError("the store went away"),
        "leave": Problem(400, "leave", "Leave", headers={"Connection": "close"}),
        "moved": web.HTTPSeeOther("/elsewhere"),
    }
    raise errors[request.match_info["how"]]


@routes.post("/v1/form")
async def form(request: web.Request) -> web.Response:
    return json_response(len(await request.post()))


@routes.get("/v1/events")
async def events(request: web.Request) -> web.StreamResponse:
    ended: asyncio.Event = request.app[ENDED]
    try:
        async with event_stream(request, heartbeat_seconds=0.05) as stream:
            await stream.send("state", {"n": 1}, id="1")
            await asyncio.sleep(60)
    finally:
        ended.set()
    return stream.response


@routes.get("/v1/events/{how}")
async def odd_events(request: web.Request) -> web.StreamResponse:
    how = request.match_info["how"]
    try:
        async with event_stream(request, heartbeat_seconds=0.2) as stream:
            await stream.send("state", 1)
            if how != "flood":
                raise {"broken": ValueError("boom"), "late": TimeoutError("mine")}[how]
            while True:
                await stream.send("state", "x" * 65536)
    finally:
        request.app[ENDED].set()
    return stream.response


ENDED: web.AppKey[asyncio.Event] = web.AppKey("ended", asyncio.Event)
PROBLEMS = {SoldOut: lambda _: Problem(409, "sold-out", "Sold out", headers={"Retry-After": "1"})}


def build(settings: ServiceSettings | None = None, **options: Any) -> web.Application:
    app = web_service(
        settings or ServiceSettings(), name="baskets", routes=routes, problems=PROBLEMS, **options
    )
    app[ENDED] = asyncio.Event()
    return app


@asynccontextmanager
async def client(app: web.Application | None = None) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(app or build())) as opened:
        yield opened
