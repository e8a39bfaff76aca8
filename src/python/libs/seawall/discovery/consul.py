"""Endpoints from Consul: the instances of a service whose checks pass, by blocking queries on its HTTP API.

Needs aiohttp, which the rest of this lib does without.
"""

from collections.abc import Collection
from typing import Any
from urllib.parse import quote

from seawall.discovery.endpoint import Endpoint
from seawall.discovery.errors import LookupFailed
from seawall.extras import extra

with extra("consul"):
    import aiohttp

_MARGIN_SECONDS = 5.0


class ConsulResolver:
    """Asks the agent at `url` (http://127.0.0.1:8500), which answers when something has changed.

    It holds a question for `wait_seconds` at most. `session` is the caller's; `token` is an ACL token.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        service: str,
        *,
        tag: str | None = None,
        token: str | None = None,
        wait_seconds: int = 60,
    ) -> None:
        self._session = session
        self._url = f"{url.rstrip('/')}/v1/health/service/{quote(service, safe='')}"
        self._parameters = {"passing": "1", "wait": f"{wait_seconds}s"} | ({"tag": tag} if tag else {})
        self._headers = {"X-Consul-Token": token} if token else {}
        # Consul adds up to a sixteenth, so that not all clients come back at once.
        self._timeout = aiohttp.ClientTimeout(total=wait_seconds * 17 / 16 + _MARGIN_SECONDS, connect=2.0)
        self._index = 0

    async def following(self) -> Collection[Endpoint]:
        """See Resolver."""
        index, self._index = self._index, 0
        try:
            answer, seen = await self._ask(index)
            endpoints = [_endpoint(entry) for entry in answer]
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
            raise LookupFailed(f"{self._url}: {error!r}") from error
        # An index that goes back, or is none, is one of a server that was restored: begin anew.
        self._index = seen if seen >= max(index, 1) else 0
        return endpoints

    async def _ask(self, index: int) -> tuple[list[Any], int]:
        parameters = self._parameters | ({"index": str(index)} if index else {})
        async with self._session.get(
            self._url,
            params=parameters,
            headers=self._headers,
            timeout=self._timeout,
            raise_for_status=True,
        ) as response:
            return await response.json(), int(response.headers.get("X-Consul-Index", "0"))


def _endpoint(entry: Any) -> Endpoint:
    # A service without an address is at its node's.
    return Endpoint(entry["Service"]["Address"] or entry["Node"]["Address"], int(entry["Service"]["Port"]))
