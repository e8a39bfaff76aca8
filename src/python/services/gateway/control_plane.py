"""The control plane of one Envoy: writes its files, starts it, follows endpoint changes, drains it."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from pathlib import Path

from services.gateway.endpoints import Endpoints, parse_endpoints, watch_endpoints
from services.gateway.envoy_admin import EnvoyAdmin
from services.gateway.envoy_config.configuration import BOOTSTRAP, Edge, configuration_files, endpoint_files
from services.gateway.envoy_process import EnvoyProcess
from services.gateway.resource_files import publish
from services.gateway.route_table import RouteTable

ADMIN_ADDRESS = "admin_address"
START_SECONDS = 20.0

_log = logging.getLogger(__name__)


def envoy_command(envoy: Path, folder: Path, *, workers: int, drain_seconds: float) -> Sequence[str]:
    """How Envoy is started on the files of the folder."""
    return [
        str(envoy),
        *("--config-path", str(folder / BOOTSTRAP)),
        *("--admin-address-path", str(folder / ADMIN_ADDRESS)),
        *("--concurrency", str(workers)),
        *("--drain-time-s", str(max(1, round(drain_seconds)))),
        *("--drain-strategy", "immediate"),
        *("--log-level", "warning"),
        *("--file-flush-interval-msec", "500"),
        "--disable-hot-restart",
    ]


class EnvoyDown(Exception):
    """Envoy does not serve the public port now."""


class ControlPlane:
    """Runs Envoy on one route table. `admin` and `envoy` may be asked from outside."""

    def __init__(self, edge: Edge, table: RouteTable, envoy: EnvoyProcess, admin: EnvoyAdmin) -> None:
        self._edge = edge
        self._table = table
        self._envoy = envoy
        self._admin = admin

    async def start(self, endpoints: Endpoints) -> None:
        """Returns when the public port is served. Raises OSError if it cannot be opened, TimeoutError."""
        publish(self._edge.folder, configuration_files(self._edge, self._table, endpoints))
        await self._envoy.start()
        deadline = time.monotonic() + START_SECONDS
        address = f"{self._edge.listen_host}:{self._edge.listen_port}"
        while not await self._admin.is_live():
            if await self._admin.refused_listeners():
                raise OSError(f"Envoy cannot listen on {address}: is it in use?")
            if time.monotonic() > deadline:
                raise TimeoutError(f"Envoy did not serve {address} within {START_SECONDS:g} s")
            await asyncio.sleep(0.05)

    async def check(self) -> None:
        """Raises EnvoyDown unless the child lives and serves."""
        if self._envoy.pid is None or not await self._admin.is_live():
            raise EnvoyDown

    def set_endpoints(self, endpoints: Endpoints) -> None:
        """Envoy takes the new endpoints without a restart; requests under way are finished."""
        publish(self._edge.folder, endpoint_files(self._table, endpoints))

    async def follow(self, endpoints_path: Path) -> None:
        """Takes the endpoints from the file whenever it changes, until cancelled."""
        async for text in watch_endpoints(endpoints_path):
            try:
                self.set_endpoints(parse_endpoints(text))
            except ValueError as error:
                _log.warning("endpoints file refused", extra={"error": str(error)})
            else:
                _log.info("endpoints changed")

    async def stop(self, drain_seconds: float) -> None:
        """Lets requests finish for that long, then ends Envoy."""
        with contextlib.suppress(Exception):
            await self._drain(drain_seconds)
        await self._envoy.stop()

    async def _drain(self, drain_seconds: float) -> None:
        await self._admin.start_draining()
        deadline = time.monotonic() + drain_seconds
        while time.monotonic() < deadline and await self._admin.active_requests() > 0:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
