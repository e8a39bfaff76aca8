"""The stack to rehearse on: the one that is up, or one of our own for the time of the run."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.devstack import cli as devstack
from tools.devstack.stack import Stack
from tools.rehearsal.stores import SERVICES_WITH_OUTBOX

START_SECONDS = 600.0
STOP_SECONDS = 60.0


class StackError(Exception):
    """There is no stack to rehearse on; the message says why, in one line."""


@dataclass(frozen=True)
class Stage:
    """The stack, and the folder of its data."""

    stack: Stack
    data_dir: Path

    def processes(self) -> dict[str, int]:
        """The pid of each process by its name, now; none once the stack is down."""
        stack = Stack.find(self.data_dir)
        return stack.processes if stack else {}


@asynccontextmanager
async def stage_for_run(data_dir: Path, options: Sequence[str] = ()) -> AsyncIterator[Stage]:
    """Yields the stack of `data_dir` if it is up; else starts one on a temporary folder, and stops it.

    The `options` are those of `up`, for a stack of our own.

    Errors: StackError.
    """
    if stack := Stack.find(data_dir):
        if missing := missing_parts(stack):
            raise StackError(f"the stack that is up was started without {', '.join(missing)}")
        print(f"using the stack that is up ({stack.gateway_url})", flush=True)
        yield Stage(stack, data_dir)
        return
    with tempfile.TemporaryDirectory(prefix="seawall-rehearsal-") as own_dir:
        # PostgreSQL may run as another user, who must be able to pass through.
        os.chmod(own_dir, 0o711)  # noqa: PTH101, S103
        async with _own_stack(Path(own_dir), options) as stack:
            yield Stage(stack, Path(own_dir))


def missing_parts(stack: Stack) -> list[str]:
    """Names what a rehearsal needs and the stack does not have (`up --only`)."""
    parts = {"gateway": stack.gateway_url, "psp_simulator": stack.provider_url, "valkey": stack.valkey_url}
    return [name for name, url in {**parts, **_databases(stack)}.items() if not url]


def _databases(stack: Stack) -> dict[str, str]:
    return {service: stack.databases.get(service, "") for service in SERVICES_WITH_OUTBOX}


@asynccontextmanager
async def _own_stack(data_dir: Path, options: Sequence[str]) -> AsyncIterator[Stack]:
    print("no stack is up: starting one for this run", flush=True)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        devstack.__name__,
        *("--data-dir", str(data_dir), "--port", "0", *options),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        # Ctrl-C is ours: the stack is stopped after the report, not beside it.
        start_new_session=True,
    )
    try:
        yield await _until_up(process, data_dir)
    finally:
        await _stop(process)


async def _until_up(process: asyncio.subprocess.Process, data_dir: Path) -> Stack:
    loop = asyncio.get_running_loop()
    end = loop.time() + START_SECONDS
    while loop.time() < end:
        if process.returncode is not None:
            raise StackError(f"the stack did not start (exit code {process.returncode})")
        if stack := Stack.find(data_dir):
            return stack
        await asyncio.sleep(0.2)
    raise StackError(f"the stack was not up within {START_SECONDS:g} s")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
