"""Endpoints from settings."""

import asyncio
from collections.abc import Collection

from seawall.discovery.endpoint import Endpoint


class StaticResolver:
    """The endpoints that it is given, for ever."""

    def __init__(self, endpoints: Collection[Endpoint]) -> None:
        self._endpoints = frozenset(endpoints)
        self._is_told = False

    @staticmethod
    def parse(text: str) -> "StaticResolver":
        """Reads "host:port,host:port". Errors: ValueError."""
        return StaticResolver([Endpoint.parse(part) for part in text.split(",") if part.strip()])

    async def following(self) -> Collection[Endpoint]:
        """See Resolver. There is never news."""
        if self._is_told:
            await asyncio.Event().wait()
        self._is_told = True
        return self._endpoints
