"""Endpoints from DNS: all addresses of a name (A, AAAA), or what SRV records name.

Needs dnspython, which the rest of this lib does without.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from typing import Any

from seawall.discovery.endpoint import Endpoint
from seawall.discovery.errors import LookupFailed
from seawall.extras import extra

with extra("dns"):
    import dns.asyncresolver
    import dns.exception
    import dns.resolver

# An endpoint, and for how many seconds the records that name it are good.
_Found = tuple[Endpoint, float]


class DnsResolver:
    """Asks again when the records' time to live is over, bounded by `refresh_seconds` (least, most).

    With a port, `name` is a host, as of a headless Service of Kubernetes; without one it is looked up as SRV
    (RFC 2782; of the priorities the best only, weights are left to the balancer). Names are whole: no search
    list is tried. No such name is nobody there. `nameservers` are those of the system, unless given.
    """

    def __init__(
        self,
        name: str,
        port: int | None = None,
        *,
        refresh_seconds: tuple[float, float] = (1.0, 30.0),
        timeout_seconds: float = 2.0,
        nameservers: Sequence[Endpoint] = (),
    ) -> None:
        self._name = name
        self._port = port
        self._least_seconds, self._most_seconds = refresh_seconds
        self._dns = _resolver(timeout_seconds, nameservers)
        self._ask_again_at = 0.0

    async def following(self) -> Collection[Endpoint]:
        """See Resolver."""
        await asyncio.sleep(max(0.0, self._ask_again_at - time.monotonic()))
        self._ask_again_at = 0.0
        try:
            found = await self._found()
        except (dns.exception.DNSException, OSError) as error:
            raise LookupFailed(f"{self._name}: {error}") from error
        ttl = min((seconds for _, seconds in found), default=0.0)
        self._ask_again_at = time.monotonic() + min(max(ttl, self._least_seconds), self._most_seconds)
        return {endpoint for endpoint, _ in found}

    async def _found(self) -> list[_Found]:
        if self._port is not None:
            return await self._hosts(self._name, self._port)
        services = await self._records(self._name, "SRV")
        best = min((service.priority for service, _ in services), default=0)
        chosen = [(service, ttl) for service, ttl in services if service.priority == best]
        hosts = await asyncio.gather(*[self._hosts(str(each.target), each.port) for each, _ in chosen])
        return [
            (endpoint, min(ttl, own_ttl))
            for (_, own_ttl), found in zip(chosen, hosts, strict=True)
            for endpoint, ttl in found
        ]

    async def _hosts(self, name: str, port: int) -> list[_Found]:
        """Addresses of either family. That one cannot be had is no failure where the other is there."""
        families = (self._records(name, "A"), self._records(name, "AAAA"))
        answers = await asyncio.gather(*families, return_exceptions=True)
        failures = [answer for answer in answers if isinstance(answer, BaseException)]
        records = [record for answer in answers if not isinstance(answer, BaseException) for record in answer]
        if failures and not records:
            raise failures[0]
        return [(Endpoint(record.address, port), ttl) for record, ttl in records]

    async def _records(self, name: str, kind: str) -> list[tuple[Any, float]]:
        try:
            answer = await self._dns.resolve(name, kind)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        ttl = float(answer.rrset.ttl) if answer.rrset is not None else 0.0
        return [(record, ttl) for record in answer]


def _resolver(timeout_seconds: float, nameservers: Sequence[Endpoint]) -> dns.asyncresolver.Resolver:
    resolver = dns.asyncresolver.Resolver(configure=not nameservers)
    resolver.lifetime = timeout_seconds
    if nameservers:
        resolver.nameservers = [server.host for server in nameservers]
        resolver.nameserver_ports = {server.host: server.port for server in nameservers}
    return resolver
