"""Victims as processes of a test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from contract.messaging import victim

START_SECONDS = 30.0


@asynccontextmanager
async def stopped(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A victim; at the end of the block it is killed if it was not."""
    process = await victim.start(*arguments)
    try:
        yield process
    finally:
        await kill(process)


async def kill(process: asyncio.subprocess.Process) -> None:
    """With -9, stopped or not."""
    if process.returncode is None:
        process.kill()
        await process.wait()


async def is_at_its_point(process: asyncio.subprocess.Process) -> None:
    """Waits for the line that the victim prints."""
    assert process.stdout is not None
    async with asyncio.timeout(START_SECONDS):
        assert await process.stdout.readline() == b"stopped\n"
