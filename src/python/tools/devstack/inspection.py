"""`--status` and `--stop`: about a stack that another process keeps."""

import asyncio
import os
import signal
import time

import psutil

from tools.devstack.data_dir import DataDir
from tools.devstack.failures import DevstackError
from tools.devstack.service_server import http_status
from tools.devstack.stack import Stack

STOP_SECONDS = 60.0


def stop_stack(data_dir: DataDir) -> str:
    """Ends the stack of the data dir and returns what was done. Raises DevstackError if it does not end."""
    holder = data_dir.holder()
    if holder is None:
        with data_dir.locked():
            ended = data_dir.end_stale()
        if ended:
            return f"ended what a crash had left in {data_dir.path}: {', '.join(ended)}"
        return f"nothing is up in {data_dir.path}"
    os.kill(holder, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while data_dir.holder() == holder:
        if time.monotonic() > deadline:
            raise DevstackError(f"process {holder} did not stop within {STOP_SECONDS:g} s")
        time.sleep(0.1)
    return f"the stack in {data_dir.path} is stopped"


def describe_stack(data_dir: DataDir) -> tuple[str, bool]:
    """A page about what runs, and whether a stack is up."""
    stack = Stack.find(data_dir.path)
    if stack is None:
        holder = data_dir.holder()
        if holder is None:
            return f"nothing is up in {data_dir.path}", False
        return f"process {holder} is starting or stopping a stack in {data_dir.path}", False
    ready = asyncio.run(_readiness(stack))
    lines = [
        f"up since {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(stack.started_at))}, "
        f"process {stack.supervisor.pid}, data in {data_dir.path}",
        f"shop: {stack.gateway_url or 'left out'}",
        f"{'name':<16} {'pid':>8} {'memory':>9}  {'state':<10} address",
    ]
    for name, pid in data_dir.running().items():
        address, state = ready.get(name, ("", "running"))
        lines.append(f"{name:<16} {pid:>8} {_memory(pid):>9}  {state:<10} {address}")
    return "\n".join(lines), True


async def _readiness(stack: Stack) -> dict[str, tuple[str, str]]:
    addresses = {
        f"{name}-{number}" if number > 1 else name: url
        for name, urls in stack.services.items()
        for number, url in enumerate(urls, start=1)
    }
    statuses = await asyncio.gather(
        *(http_status(int(url.rpartition(":")[2]), "/readyz") for url in addresses.values())
    )
    return {
        name: (url, "ready" if status == 200 else "not ready")
        for (name, url), status in zip(addresses.items(), statuses, strict=True)
    }


def _memory(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return f"{sum(_share(member) for member in family) / 2**20:.0f} MiB"
    except psutil.Error:
        return "-"


def _share(process: psutil.Process) -> int:
    """What it adds to the memory in use: pages that many share count in parts, where the system tells."""
    memory = process.memory_full_info()
    return int(getattr(memory, "pss", memory.rss))
