"""Where each service can be reached: from settings, or from a file that is watched."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

POLL_SECONDS = 0.5


class Endpoint(NamedTuple):
    """One instance of a service."""

    host: str
    port: int


Endpoints = Mapping[str, Sequence[Endpoint]]


def parse_endpoints(text: str) -> dict[str, list[Endpoint]]:
    """`orders=127.0.0.1:7001+127.0.0.1:7002,accounts=...` as a mapping. Raises ValueError."""
    endpoints: dict[str, list[Endpoint]] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, equals, addresses = entry.partition("=")
        if not equals or not name or name in endpoints:
            raise ValueError(f"endpoints: {entry!r} is not service=host:port[+host:port], once per service")
        endpoints[name] = [_endpoint(address, entry) for address in filter(None, addresses.split("+"))]
    return endpoints


def _endpoint(address: str, entry: str) -> Endpoint:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"endpoints: {address!r} in {entry!r} is not host:port")
    return Endpoint(host, int(port))


async def watch_endpoints(path: Path, poll_seconds: float = POLL_SECONDS) -> AsyncIterator[str]:
    """The file's text, each time that it was replaced or changed. A missing file is no change."""
    seen = _stamp(path)
    while True:
        await asyncio.sleep(poll_seconds)
        stamp = _stamp(path)
        if stamp is None or stamp == seen:
            continue
        seen = stamp
        yield await asyncio.to_thread(path.read_text, encoding="utf-8")


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_ino, status.st_mtime_ns, status.st_size)
