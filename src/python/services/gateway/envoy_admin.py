"""Envoy's admin interface: is it live, which port does it have, let it drain."""

import json
from pathlib import Path
from typing import Any

import aiohttp

from services.gateway.envoy_config.listener import NAME as LISTENER

TIMEOUT_SECONDS = 2.0
_UNREACHABLE = (OSError, aiohttp.ClientError, TimeoutError, ValueError)


class EnvoyAdmin:
    """A client of one Envoy's admin interface; its address is what Envoy wrote into `address_file`."""

    def __init__(self, session: aiohttp.ClientSession, address_file: Path) -> None:
        self._session = session
        self._address_file = address_file

    async def listener_port(self) -> int | None:
        """The port that the public listener is bound to; None while it is not, or Envoy does not answer."""
        try:
            text = await self._request("GET", "/listeners?format=json")
        except _UNREACHABLE:
            return None
        for status in json.loads(text).get("listener_statuses", []):
            if status["name"] == LISTENER:
                return int(status["local_address"]["socket_address"]["port_value"])
        return None

    async def refused_listeners(self) -> int:
        """How often Envoy could not open a listener; 0 while Envoy does not answer."""
        try:
            return await self._stat("listener_manager.listener_create_failure")
        except _UNREACHABLE:
            return 0

    async def is_live(self) -> bool:
        """Envoy runs, has its configuration, is not draining, and its public listener is bound."""
        try:
            await self._request("GET", "/ready")
        except _UNREACHABLE:
            return False
        return await self.listener_port() is not None

    async def start_draining(self) -> None:
        """Health checks fail from now on, answers close their connections, then listeners close."""
        await self._request("POST", "/healthcheck/fail")
        await self._request("POST", "/drain_listeners?graceful")

    async def active_requests(self) -> int:
        """Requests that are being answered now, streams among them."""
        return await self._stat(f"http.{LISTENER}.downstream_rq_active")

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
