"""A channel to all replicas of a service."""

import ipaddress
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc

from seawall.rpc.client_interceptors import DeadlineToTimeout, IdsToMetadata

_SERVICE_CONFIG = json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})


@asynccontextmanager
async def connect(target: str, *, default_timeout_seconds: float = 5.0) -> AsyncIterator[grpc.aio.Channel]:
    """A channel that spreads calls over the addresses of `target` in turn.

    `target` is "host:port", or several IP addresses "10.0.0.1:50051,10.0.0.2:50051", or a gRPC
    target with a scheme. A single name is resolved by DNS to all its addresses, and again
    whenever a connection ends. A call without a timeout gets `default_timeout_seconds`, and none takes
    longer than the current deadline allows: DeadlineExceeded, without a call, if that is too short.
    Nothing is connected before the first call. Errors: ValueError for an unusable target.
    """
    channel = grpc.aio.insecure_channel(
        grpc_target(target),
        options=[
            ("grpc.service_config", _SERVICE_CONFIG),
            ("grpc.keepalive_time_ms", 20_000),
            ("grpc.keepalive_timeout_ms", 5_000),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 500),
            ("grpc.max_reconnect_backoff_ms", 2_000),
        ],
        interceptors=[IdsToMetadata(), DeadlineToTimeout(default_timeout_seconds)],
    )
    try:
        yield channel
    finally:
        await channel.close(grace=None)


def grpc_target(target: str) -> str:
    """The gRPC name (gRPC's naming.md) of a comma-separated list of addresses."""
    if ":///" in target or target.startswith(("ipv4:", "ipv6:", "unix:", "dns:")):
        return target
    addresses = [address.strip() for address in target.split(",") if address.strip()]
    versions = {_ip_version(address) for address in addresses}
    if versions == {4}:
        return "ipv4:" + ",".join(addresses)
    if versions == {6}:
        return "ipv6:" + ",".join(addresses)
    if len(addresses) != 1:
        raise ValueError(f"one host name, or IP addresses of one version, with ports; got {target!r}")
    return f"dns:///{addresses[0]}"


def _ip_version(address: str) -> int | None:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"an address is host:port; got {address!r}")
    try:
        return ipaddress.ip_address(host.strip("[]")).version
    except ValueError:
        return None
