"""One more replica of a service of a running stack, with a wire to each thing that it depends on."""

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import psutil

from seawall.testing import Cable, free_port, until
from tools.devstack.stack import Stack

READY_SECONDS = 60.0
_ADDRESS = re.compile(r"127\.0\.0\.1:(\d+)")


class Replica:
    """Its address, and its wires by the setting that leads through each."""

    def __init__(self, url: str, cables: Mapping[str, Cable]) -> None:
        self.url = url
        self.cables = cables


@contextlib.asynccontextmanager
async def replica_of(
    stack: Stack, service: str, settings: tuple[str, ...], log: Path
) -> AsyncIterator[Replica]:
    """A process with the environment of the stack's own; each of `settings` leads through a wire."""
    environment = psutil.Process(stack.processes[service]).environ()
    async with contextlib.AsyncExitStack() as wires:
        cables = {}
        for setting in settings:
            [port] = _ADDRESS.findall(environment[setting])
            cables[setting] = await wires.enter_async_context(Cable("127.0.0.1", int(port)))
            environment[setting] = _ADDRESS.sub(f"127.0.0.1:{cables[setting].port}", environment[setting])
        port = free_port()
        environment |= {"SEAWALL_PORT": str(port)}
        if "SEAWALL_GRPC_PORT" in environment:
            environment["SEAWALL_GRPC_PORT"] = "0"
        url = f"http://127.0.0.1:{port}"
        async with _running(service, environment, log):
            await until(lambda: _is_ready(url), timeout_seconds=READY_SECONDS)
            yield Replica(url, cables)


@contextlib.asynccontextmanager
async def _running(service: str, environment: Mapping[str, str], log: Path) -> AsyncIterator[None]:
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", f"services.{service}", env=dict(environment), stdout=output, stderr=output
        )
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _is_ready(url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as http, http.get(f"{url}/readyz") as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False
