"""The rate limit service of one Envoy: limits of the route table, counted in Valkey."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from seawall.ratelimit import FallbackRateLimiter, MemoryRateLimiter, RateLimiter, Rule, ValkeyRateLimiter
from seawall.ratelimit.envoy import EnvoyRateLimits
from seawall.rpc import serve_grpc
from seawall.valkey import open_valkey
from services.gateway.envoy_config.rate_limits import DOMAIN, descriptor_keys
from services.gateway.route_table import RouteTable
from services.gateway.settings import GatewaySettings


@asynccontextmanager
async def serve_rate_limits(settings: GatewaySettings, table: RouteTable) -> AsyncIterator[int | None]:
    """The port on loopback where it answers; None where no route is limited.

    Counts are shared by all replicas through Valkey; while it is away each allows its share.
    """
    rules = {
        descriptor_keys(name, limit): Rule(name, limit.limit, limit.period_seconds, limit.burst)
        for name, limit in table.rate_limits.items()
    }
    if not rules:
        yield None
        return
    async with (
        _limiter(settings) as limiter,
        serve_grpc("127.0.0.1", 0, EnvoyRateLimits(limiter, {DOMAIN: rules}).register) as port,
    ):
        yield port


@asynccontextmanager
async def _limiter(settings: GatewaySettings) -> AsyncIterator[RateLimiter]:
    if settings.valkey_url is None:
        yield MemoryRateLimiter()
        return
    async with open_valkey(settings.valkey_url.get_secret_value()) as valkey:
        yield FallbackRateLimiter(ValkeyRateLimiter(valkey), replicas=settings.replicas)
