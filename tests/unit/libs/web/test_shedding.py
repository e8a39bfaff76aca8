"""A service that has more to do than it can."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from seawall.resilience import AdaptiveLimit, LimitSettings, LoadShedder, Priority, SheddingSettings
from seawall.settings import ServiceSettings
from seawall.testing import until
from seawall.web import event_stream, operation, web_service
from seawall.web.shedding import SHEDDER

ONE_AT_A_TIME = LimitSettings(initial=1, least=1, most=1)


class Service:
    """Works on one request at a time, for as long as the test says; `waiting` more may wait."""

    def __init__(self, waiting=0):
        self.go_on = asyncio.Event()
        self.begun = asyncio.Event()
        routes = [
            web.get("/pay", self._handler(Priority.CRITICAL_PLUS)),
            web.get("/browse", self._handler(Priority.SHEDDABLE)),
            web.get("/own", self._handler(None)),
            web.get("/stream", self._stream),
        ]
        self.app = web_service(ServiceSettings(), name="busy", routes=routes)
        settings = SheddingSettings(max_waiting=waiting, max_wait_seconds=5.0)
        self.app[SHEDDER] = LoadShedder("busy", settings, limit=AdaptiveLimit(ONE_AT_A_TIME))

    def _handler(self, priority):
        @operation(summary="Works", responses={200: None}, priority=priority)
        async def work(_):
            self.begun.set()
            await self.go_on.wait()
            return web.Response(text="done")

        return work

    async def _stream(self, request):
        async with event_stream(request) as stream:
            self.begun.set()
            await self.go_on.wait()
        return stream.response


@asynccontextmanager
async def busy(service, path):
    """A client, while a request to the path is under way."""
    async with TestClient(TestServer(service.app)) as http:
        first = asyncio.create_task(http.get(path))
        await service.begun.wait()
        yield http
        service.go_on.set()
        assert (await first).status == 200


async def test_what_is_too_much_is_told_at_once_to_come_again():
    """503 with Retry-After, and no inner words; afterwards requests are taken again."""
    service = Service()
    async with busy(service, "/pay") as http:
        answer = await http.get("/pay")
        problem = await answer.json(content_type=None)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert problem["type"] == "urn:seawall:problem:unavailable"
        service.go_on.set()
        await until(lambda: not service.app[SHEDDER].in_use)
        assert (await http.get("/pay")).status == 200


async def test_what_matters_least_gives_its_place_up():
    """A payment takes the place of somebody who browses."""
    service = Service(waiting=1)
    async with busy(service, "/pay") as http:
        browsing = asyncio.create_task(http.get("/browse"))
        await until(lambda: service.app[SHEDDER].waiting)
        paying = asyncio.create_task(http.get("/pay"))
        assert (await browsing).status == 503
        service.go_on.set()
        assert (await paying).status == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_how_it_fares_is_told_above_all(path):
    """A process that is busy must not be taken for dead."""
    service = Service()
    async with busy(service, "/pay") as http:
        assert (await http.get(path)).status == 200


@pytest.mark.parametrize("path", ["/own", "/stream"])
async def test_what_has_a_bound_of_its_own_and_what_streams_hold_no_place(path):
    """They may be many, and last long."""
    service = Service()
    async with busy(service, path) as http:
        paying = asyncio.create_task(http.get("/pay"))
        await until(lambda: service.app[SHEDDER].in_use)
        service.go_on.set()
        assert (await paying).status == 200
