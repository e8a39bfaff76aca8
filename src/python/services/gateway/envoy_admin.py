"""Envoy's admin interface: is it live, which port does it have, let it drain."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import aiohttp

from services.gateway.envoy_config.listener import NAME as LISTENER

TIMEOUT_SECONDS = 2.0
_UNREACHABLE = (OSError, aiohttp.ClientError, TimeoutError, ValueError)


class EnvoyAdmin:
    """A client of one Envoy's admin interface; its address is what Envoy wrote into `address_file`."""

    def __init__(
        self, session: aiohttp.ClientSession, address_file: Path, listeners: Collection[str] = (LISTENER,)
    ) -> None:
        self._session = session
        self._address_file = address_file
        self._listeners = frozenset(listeners)

    async def bound_listeners(self) -> frozenset[str]:
        """The names of the listeners that are bound; none while Envoy does not answer."""
        try:
            text = await self._request("GET", "/listeners?format=json")
        except _UNREACHABLE:
            return frozenset()
        return frozenset(status["name"] for status in json.loads(text).get("listener_statuses", []))

    async def refused_listeners(self) -> int:
        """How often Envoy could not open a listener; 0 while Envoy does not answer."""
        try:
            return await self._stat("listener_manager.listener_create_failure")
        except _UNREACHABLE:
            return 0

    async def is_live(self) -> bool:
        """Envoy runs, has its configuration, is not draining, and its listeners are bound."""
        try:
            await self._request("GET", "/ready")
        except _UNREACHABLE:
            return False
        return self._listeners <= await self.bound_listeners()

    async def start_draining(self) -> None:
        """Health checks fail from now on, answers close their connections, then listeners close."""
        await self._request("POST", "/healthcheck/fail")
        await self._request("POST", "/drain_listeners?graceful")

    async def active_requests(self) -> int:
        """Requests that are being answered now, streams among them."""
        return await self._stat(f"http.{LISTENER}.downstream_rq_active")

    async def statistics(self) -> str | None:
        """All that the bootstrap lets Envoy count, as Prometheus reads it; None while it does not answer."""
        try:
            return await self._request("GET", "/stats/prometheus")
        except _UNREACHABLE:
            return None

    async def _stat(self, name: str) -> int:
        text = await self._request("GET", f"/stats?format=json&filter=^{name}$")
        stats: list[dict[str, Any]] = json.loads(text)["stats"]
        return sum(int(stat["value"]) for stat in stats if "value" in stat)

    async def _request(self, method: str, path: str) -> str:
        address = self._address_file.read_text(encoding="ascii").strip()
        if not address:
            raise ValueError("Envoy has not said yet where its admin interface listens")
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with self._session.request(method, f"http://{address}{path}", timeout=timeout) as response:
            response.raise_for_status()
            return await response.text()
