"""`program.py` in a process of its own."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

PROGRAM = Path(__file__).parent / "program.py"


@asynccontextmanager
async def running(lifetime: str, *arguments: str, **settings: str) -> AsyncIterator[tuple[Process, Any]]:
    """The process, and a client. It is killed at the block's end if it still runs."""
    environment = {f"SEAWALL_{name}": settings[name] for name in settings}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(PROGRAM),
        lifetime,
        *arguments,
        stdout=PIPE,
        stderr=PIPE,
        env=environment | {"PYTHONPATH": ":".join(sys.path)},
    )
    try:
        async with asyncio.timeout(60), aiohttp.ClientSession() as http:
            yield process, http
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def line(process: Process) -> str:
    """The next of its output."""
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def ready(process: Process) -> str:
    """Its address, once it is set up."""
    assert await line(process) == "set up"
    message = msgspec.json.decode(await line(process))
    assert message["message"] == "ready"
    return f"http://127.0.0.1:{message['port']}"


async def rest(process: Process) -> str:
    """What is left of its output, once it ended."""
    assert process.stdout is not None
    return (await process.stdout.read()).decode()
