"""Starting a server: its port is free, it answers, and the one that answers is ours."""

import asyncio
import time
from pathlib import Path

from tools.devstack.failures import PortInUse, StartFailed, explain, last_line
from tools.devstack.ports import is_free
from tools.devstack.process import Launch, Process, Server
from tools.devstack.progress import Progress

_POLL_SECONDS = 0.03
# A process that ends is told at once; this is for one that hangs, and long enough for a machine that is busy.
READY_SECONDS = 180.0


async def start_server(
    server: Server, log: Path, progress: Progress, timeout_seconds: float = READY_SECONDS
) -> Process:
    """Prepares, launches and waits until it is ready; whatever fails, no process is left.

    Errors: DevstackError: PortInUse, StartFailed, and what prepare() raises.
    """
    await server.prepare(progress)
    require_free_port(server)
    process = Process.start(server.name, server.launch(), log)
    try:
        await until_ready(server, process, timeout_seconds)
    except BaseException:
        await process.stop(grace_seconds=2.0)
        raise
    return process


def require_free_port(server: Server) -> None:
    """Errors: PortInUse."""
    host, _, port = server.address.rpartition(":")
    if not is_free(int(port), host):
        raise PortInUse(f"{server.name} cannot listen on {server.address}: another program is using the port")


async def until_ready(server: Server, process: Process, timeout_seconds: float = READY_SECONDS) -> None:
    """Returns once the server answers, its process lives, and the port is that process's own.

    Errors: StartFailed, in one line with the reason if its output shows one.
    """
    port = int(server.address.rpartition(":")[2])
    give_up_at = time.monotonic() + timeout_seconds
    while True:
        answers = await server.is_ready()
        if not process.alive:
            raise StartFailed(_why_ended(process))
        if answers and process.listens_on(port):
            return
        if time.monotonic() > give_up_at:
            raise StartFailed(
                f"{process.name} was not ready after {timeout_seconds:g} s: {last_line(process.output())} "
                f"(log: {process.log})"
            )
        await asyncio.sleep(_POLL_SECONDS)


def _why_ended(process: Process) -> str:
    log = process.output()
    if reason := explain(process.name, log):
        return f"{reason} (log: {process.log})"
    return f"{process.name} ended with code {process.returncode}: {last_line(log)} (log: {process.log})"


async def run_to_end(name: str, launch: Launch, log: Path, timeout_seconds: float = 120.0) -> None:
    """Runs a program that ends by itself. Errors: StartFailed if it fails, or takes too long."""
    process = Process.start(name, launch, log)
    try:
        async with asyncio.timeout(timeout_seconds):
            code = await process.wait()
    except TimeoutError as error:
        raise StartFailed(f"{name} did not end within {timeout_seconds:g} s (log: {log})") from error
    finally:
        await process.stop(grace_seconds=1.0)
    if code != 0:
        raise StartFailed(_why_ended(process))
