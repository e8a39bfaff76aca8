"""A child that never outlives us: started, watched, started again when it dies."""

import asyncio
import contextlib
import ctypes
import logging
import signal
import time
from collections.abc import Callable, Sequence

from prometheus_client import Counter

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
STABLE_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1

_RESTARTS = Counter("shop_gateway_envoy_restarts_total", "How often Envoy died and was started again.")
_log = logging.getLogger(__name__)


class EnvoyProcess:
    """Runs one command until stop(); each death is logged, and answered by a start after a growing pause."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        before_start: Callable[[], None] = lambda: None,
        stable_seconds: float = STABLE_SECONDS,
    ) -> None:
        self._command = command
        self._before_start = before_start
        self._stable_seconds = stable_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is none."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Starts the child for the first time. Raises OSError if the program cannot be run."""
        await self._spawn()
        self._watch = asyncio.create_task(self._keep_running())

    async def stop(self, timeout_seconds: float = 5.0) -> None:
        """Ends the child: SIGTERM, and SIGKILL after the timeout."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(timeout_seconds):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _keep_running(self) -> None:
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            started = time.monotonic()
            status = await self._process.wait() if self._process else None
            if time.monotonic() - started >= self._stable_seconds:
                pause_seconds = FIRST_PAUSE_SECONDS
            _log.error("envoy died", extra={"status": status, "restart_in_seconds": pause_seconds})
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)
            self.restarts += 1
            _RESTARTS.inc()
            with contextlib.suppress(OSError):
                await self._spawn()

    async def _spawn(self) -> None:
        self._before_start()
        try:
            self._process = await asyncio.create_subprocess_exec(*self._command, preexec_fn=_die_with_parent)
        except OSError as error:
            raise OSError(f"{self._command[0]} cannot be run: {error.strerror}") from error
        _log.info("envoy started", extra={"pid": self._process.pid})


_libc = ctypes.CDLL(None)


def _die_with_parent() -> None:
    """Runs in the child: the kernel ends it when we die, however we die (prctl(2))."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
