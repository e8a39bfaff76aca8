"""An event loop whose time is made: whatever waits for a time gets it at once, and a second costs nothing."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import Any


class _Selector(selectors.BaseSelector):
    """Instead of waiting for files until a timer is due, lets the clock jump there."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.now = 1_000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits for something that will not come")
        self.now += max(0.0, timeout)
        return self._real.select(0)

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def get_map(self) -> Any:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` begins at 1,000 s and moves only when all tasks wait."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now

    def pass_seconds(self, seconds: float) -> None:
        """Lets time pass from outside of the loop; what is due meanwhile is done."""
        self.run_until_complete(asyncio.sleep(seconds))

    def settle(self) -> None:
        """Lets every task go on until it waits; no time passes."""
        self.run_until_complete(_yield_often())

    def end(self) -> None:
        """Cancels what a test left, and closes the loop."""
        self.run_until_complete(_cancel(asyncio.all_tasks(self)))
        self.close()


async def _cancel(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _yield_often() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def in_virtual_time(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Runs an async test on a VirtualLoop, which it gets as its first argument."""

    def run(**arguments: Any) -> None:
        loop = VirtualLoop()
        try:
            loop.run_until_complete(test(loop, **arguments))
        finally:
            loop.end()

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run
