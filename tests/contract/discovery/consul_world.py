"""Consul's HTTP API in this process, as far as it is documented for blocking queries; and the real agent."""

import asyncio
import os
import shutil
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from seawall.discovery.consul import ConsulResolver
from seawall.testing import free_port, until

SERVICE = "orders"


class SpokenConsul:
    """Speaks GET /v1/health/service/:service with index and wait; it is not Consul."""

    def __init__(self):
        self.index = 1
        self.entries = []
        self.news = asyncio.Event()
        self.is_failing = False
        self.queries = []
        self.tokens = []
        self.url = ""
        self.session: Any = None

    @classmethod
    @asynccontextmanager
    async def running(cls):
        world = cls()
        app = web.Application()
        app.router.add_get("/v1/health/service/{service}", world._health)
        async with TestServer(app, host="127.0.0.1") as server, aiohttp.ClientSession() as session:
            world.url, world.session = str(server.make_url("")), session
            yield world
            world.changed()

    def resolver(self, **options):
        return ConsulResolver(self.session, self.url, SERVICE, **{"wait_seconds": 5} | options)

    async def serve(self, endpoints):
        self.entries = [
            {"Node": {"Address": endpoint.host}, "Service": {"Address": "", "Port": endpoint.port}}
            for endpoint in endpoints
        ]
        self.index += 1
        self.changed()

    async def fail(self):
        self.is_failing = True
        self.changed()

    async def mend(self):
        self.is_failing = False

    def changed(self):
        self.news.set()
        self.news = asyncio.Event()

    async def _health(self, request):
        self.queries.append(dict(request.query))
        self.tokens.append(request.headers.get("X-Consul-Token"))
        if int(request.query.get("index", "0")) == self.index and not self.is_failing:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.news.wait(), float(request.query["wait"].removesuffix("s")))
        if self.is_failing:
            return web.Response(status=500, text="rpc error: No cluster leader")
        entries = self.entries if request.match_info["service"] == SERVICE else []
        return web.json_response(entries, headers={"X-Consul-Index": str(self.index)})


def consul_program():
    """The agent's program: SEAWALL_CONSUL, or the one on the PATH; None where there is none."""
    return os.environ.get("SEAWALL_CONSUL") or shutil.which("consul")


class RealConsul:
    """An agent of its own in development mode. Failing is the agent gone; mending starts an empty one."""

    def __init__(self, session):
        self.session = session
        self.ports = {name: free_port() for name in ("http", "server", "serf_lan", "serf_wan")}
        self.url = f"http://127.0.0.1:{self.ports['http']}"
        self.process = None
        self.served = []

    @classmethod
    @asynccontextmanager
    async def running(cls):
        async with aiohttp.ClientSession() as session:
            world = cls(session)
            await world.mend()
            try:
                yield world
            finally:
                await world.fail()

    def resolver(self, **options):
        return ConsulResolver(self.session, self.url, SERVICE, **{"wait_seconds": 5} | options)

    async def serve(self, endpoints):
        for endpoint in set(self.served) - set(endpoints):
            await self._put(f"/v1/agent/service/deregister/{endpoint.address}")
        for endpoint in endpoints:
            body = {"ID": endpoint.address, "Name": SERVICE, "Address": endpoint.host, "Port": endpoint.port}
            await self._put("/v1/agent/service/register", body)
        self.served = list(endpoints)

    async def fail(self):
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def mend(self):
        ports = {"dns": -1, "grpc": -1, "grpc_tls": -1, "https": -1, **self.ports}
        listed = "\n".join(f"{name} = {port}" for name, port in ports.items())
        self.process = await asyncio.create_subprocess_exec(
            *(consul_program(), "agent", "-dev", "-bind=127.0.0.1", "-client=127.0.0.1", "-log-level=error"),
            *("-hcl", f"ports {{\n{listed}\n}}", "-hcl", "disable_update_check = true"),
            stdout=asyncio.subprocess.DEVNULL,
        )
        await until(self._has_leader, timeout_seconds=30)
        served, self.served = self.served, []
        await self.serve(served)

    async def _has_leader(self):
        with suppress(aiohttp.ClientError):
            async with self.session.get(f"{self.url}/v1/status/leader") as response:
                return response.status == 200 and await response.json() != ""
        return False

    async def _put(self, path, body=None):
        async with self.session.put(self.url + path, json=body, raise_for_status=True):
            pass
