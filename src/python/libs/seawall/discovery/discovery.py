"""The endpoints of one service, kept up to date in the background."""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from prometheus_client import Counter, Gauge

from seawall.discovery.endpoint import Endpoint
from seawall.discovery.errors import LookupFailed
from seawall.discovery.ports import Resolver
from seawall.tasks import end

_ENDPOINTS = Gauge("seawall_discovery_endpoints", "Endpoints that are known", ["service"])
_FAILURES = Counter("seawall_discovery_failures_total", "Lookups that failed or found nobody", ["service"])
_REFRESHED = Gauge(
    "seawall_discovery_refreshed_timestamp_seconds", "When a lookup last found somebody", ["service"]
)

_LEAST_PAUSE_SECONDS = 0.05
_MOST_PAUSE_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Discovery:
    """What is known of one service. Where a lookup fails, or finds nobody, what was known before holds."""

    def __init__(self, service: str) -> None:
        self.service = service
        self._endpoints: tuple[Endpoint, ...] = ()
        self._news = asyncio.Event()

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All endpoints, in order; none before the first that were found."""
        return self._endpoints

    async def changed(self, since: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
        """What is known, as soon as it is not `since`."""
        while self._endpoints == since:
            await self._news.wait()
        return self._endpoints

    async def run(self, resolver: Resolver, pause: Callable[[int], float]) -> None:
        """Follows a resolver for ever; `pause` gives the seconds to wait after so many failures in a row."""
        failures = 0
        while True:
            try:
                found = tuple(sorted(set(await resolver.following())))
            except LookupFailed as error:
                found = ()
                _log.warning("lookup failed", extra={"service": self.service, "error": str(error)})
            failures = 0 if found else failures + 1
            self._take(found)
            await asyncio.sleep(pause(failures))

    def _take(self, found: tuple[Endpoint, ...]) -> None:
        if not found:
            _FAILURES.labels(self.service).inc()
            return
        _REFRESHED.labels(self.service).set_to_current_time()
        _ENDPOINTS.labels(self.service).set(len(found))
        if found != self._endpoints:
            self._endpoints = found
            self._news.set()
            self._news = asyncio.Event()


@asynccontextmanager
async def discover(
    service: str,
    resolver: Resolver,
    *,
    first_wait_seconds: float = 5.0,
    pause: Callable[[int], float] | None = None,
) -> AsyncIterator[Discovery]:
    """Follows `resolver` in the background; waits at most `first_wait_seconds` for the first endpoints.

    A directory that is away, or knows nobody, is no error here: the balancer raises NoEndpoints.
    """
    discovery = Discovery(service)
    following = asyncio.create_task(discovery.run(resolver, pause or full_jitter), name=f"discover {service}")
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(first_wait_seconds):
                await discovery.changed(())
        yield discovery
    finally:
        await end(following)


def full_jitter(failures: int) -> float:
    """A short pause, and after failures a random one of 5 s at most, so that a directory is not stormed."""
    ceiling = min(_MOST_PAUSE_SECONDS, _LEAST_PAUSE_SECONDS * 2.0 ** min(failures, 16))
    return max(_LEAST_PAUSE_SECONDS, random.uniform(0, ceiling)) if failures else _LEAST_PAUSE_SECONDS
