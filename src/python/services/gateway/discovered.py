"""Endpoints from DNS: the headless Service of each routed service, followed while the gateway runs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from seawall.discovery import Discovery, Resolver, discover
from seawall.discovery.dns import DnsResolver
from services.gateway.endpoints import Endpoint, Endpoints

FIRST_WAIT_SECONDS = 1.0


def by_dns(name: Endpoint) -> Resolver:
    """All addresses of a host, at its port."""
    return DnsResolver(name.host, name.port)


class Discovered:
    """Where the services are, as far as is known."""

    def __init__(self, services: Mapping[str, Discovery]) -> None:
        self._services = services

    @property
    def endpoints(self) -> Endpoints:
        """Of each service that is discovered, all instances."""
        return {
            name: [Endpoint(each.host, each.port) for each in service.endpoints]
            for name, service in self._services.items()
        }

    async def follow(self, changed: Callable[[Endpoints], None]) -> None:
        """Calls `changed` with the endpoints of all services whenever one of them has changed, for ever."""
        await asyncio.gather(*[self._follow(service, changed) for service in self._services.values()])

    async def _follow(self, service: Discovery, changed: Callable[[Endpoints], None]) -> None:
        known = service.endpoints
        while True:
            known = await service.changed(known)
            changed(self.endpoints)


@asynccontextmanager
async def discovered(
    names: Endpoints, resolver: Callable[[Endpoint], Resolver] = by_dns
) -> AsyncIterator[Discovered]:
    """Discovers each service by its one name. Waits a second for the first answer of each, no longer."""
    async with AsyncExitStack() as stack:
        services = {
            service: await stack.enter_async_context(
                discover(service, resolver(name), first_wait_seconds=FIRST_WAIT_SECONDS)
            )
            for service, (name,) in names.items()
        }
        yield Discovered(services)
