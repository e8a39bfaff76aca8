"""Programs that a test stops in the midst of their work: to kill them there, or to let them go on late."""

import asyncio
import os
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

START_SECONDS = 60.0
_AT_ITS_POINT = "stopped\n"


@asynccontextmanager
async def victim(program: str, *arguments: str) -> AsyncIterator[Process]:
    """`python program arguments`, with what this process can import; killed at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        program,
        *arguments,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        await kill(process)


async def kill(process: Process) -> None:
    """With -9, stopped or not."""
    if process.returncode is None:
        process.kill()
        await process.wait()


async def is_at_its_point(process: Process) -> None:
    """Returns when the program has called `tell_that_it_stops`. Errors: TimeoutError, AssertionError."""
    assert process.stdout is not None  # noqa: S101
    async with asyncio.timeout(START_SECONDS):
        line = (await process.stdout.readline()).decode()
    if line != _AT_ITS_POINT:
        raise AssertionError(f"the victim ended, or said {line!r}")


def tell_that_it_stops() -> None:
    """For the program: it is at its point, and goes no further by itself."""
    sys.stdout.write(_AT_ITS_POINT)
    sys.stdout.flush()
