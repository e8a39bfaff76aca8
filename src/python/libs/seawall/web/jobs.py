"""Jobs that run as long as the process, and take it down when one of them ends."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import NoReturn

from seawall.tasks import end
from seawall.telemetry import OutageLog

Job = Coroutine[None, None, object]

_log = logging.getLogger(__name__)


class JobEnded(Exception):
    """A job that should run for ever has ended."""


class Jobs:
    """The state of the running jobs, for readiness."""

    def __init__(self) -> None:
        self.ended: str | None = None

    async def check(self) -> None:
        """Raises JobEnded if one has."""
        if self.ended is not None:
            raise JobEnded(self.ended)


def exit_process() -> NoReturn:
    """Leaves the event loop and exits with 1, so that whatever supervises the process restarts it."""
    raise SystemExit(1)


@asynccontextmanager
async def background(on_end: Callable[[], None] = exit_process, **jobs: Job) -> AsyncIterator[Jobs]:
    """Runs the jobs beside the block and ends them after it. The first that ends calls `on_end`, once."""
    state = Jobs()

    def ended(task: asyncio.Task[None]) -> None:
        if task.cancelled() or state.ended is not None:
            return
        error = task.exception()
        state.ended = f"{type(error).__name__}: {error}"
        _log.critical("a background job ended", exc_info=error, extra={"reason": state.ended})
        on_end()

    tasks = [asyncio.create_task(_never_ending(name, job), name=name) for name, job in jobs.items()]
    for task in tasks:
        task.add_done_callback(ended)
    try:
        yield state
    finally:
        for task in tasks:
            task.remove_done_callback(ended)
        await end(*tasks)


async def _never_ending(name: str, job: Job) -> None:
    await job
    raise JobEnded(name)


async def every(seconds: float, work: Callable[[], Awaitable[object]], *tolerated: type[Exception]) -> None:
    """Does the work again and again, with a pause between; logs that it fails with what is tolerated."""
    task = asyncio.current_task()
    outage = OutageLog(_log, "a periodic job", job=task.get_name() if task else "")
    while True:
        try:
            await work()
        except tolerated as error:
            outage.failed(error)
        else:
            outage.worked()
        await asyncio.sleep(seconds)
