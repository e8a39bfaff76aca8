"""A circuit breaker for a store, that does not count: where there is a doubt about the server, it is asked.

Counting failed and slow calls would take an overload or a lock for an outage. Reasons: ADR 32.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from seawall.resilience.deadline import start_detached
from seawall.resilience.errors import CircuitOpen, ServerSilent
from seawall.resilience.failures import is_outage
from seawall.resilience.metrics import CIRCUIT_OPENED, CIRCUIT_STATE, REJECTED
from seawall.tasks import end

SILENT_SECONDS = 1.0
"""A server that has told nobody anything for this long, while somebody waits, is doubted."""
PROBE_SECONDS = 2.0
"""How long it then has to answer one query on a connection of its own."""
AGAIN_SECONDS = (0.1, 1.0)
"""Between two probes of a server that is away: at first, doubling up to the second."""

_CLOSED, _OPEN = 0, 2


class ServerWatch:
    """Once a probe has failed blocks are refused, with CircuitOpen, until one succeeds.

    Doubted is a server that has been silent for `silent_seconds` while somebody waited, or was away for
    somebody. Who waits in a block when a probe fails is cut off, with ServerSilent. `probe` raises unless the
    server answers a query; it is cancelled after `probe_seconds`. What the server tells anybody meanwhile
    settles the doubt, too.
    """

    def __init__(
        self,
        name: str,
        probe: Callable[[], Awaitable[None]],
        *,
        silent_seconds: float = SILENT_SECONDS,
        probe_seconds: float = PROBE_SECONDS,
        is_outage: Callable[[Exception], bool] = is_outage,
        is_answer: Callable[[Exception], bool] = lambda _: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_outage` and `is_answer` say what an error that leaves a block tells about the server."""
        self._name = name
        self._probe = probe
        self._silent_seconds = silent_seconds
        self._probe_seconds = probe_seconds
        self._is_outage, self._is_answer = is_outage, is_answer
        self._clock = clock
        self._heard_at = clock()
        self._waiting: dict[asyncio.Timeout, float] = {}
        self._listening: set[asyncio.Timeout] = set()
        self._look: asyncio.TimerHandle | None = None
        self._probing: asyncio.Task[None] | None = None
        self._away_until: float | None = None
        self._opened = CIRCUIT_OPENED.labels(name)
        self._refused = REJECTED.labels(name, "circuit")
        CIRCUIT_STATE.labels(name).set_function(lambda: _CLOSED if self._away_until is None else _OPEN)

    def check(self) -> None:
        """Raises CircuitOpen while the server is away."""
        if self._away_until is not None:
            self._refused.inc()
            raise CircuitOpen(self._name, max(0.0, self._away_until - self._clock()))

    def heard(self) -> None:
        """The server has said something."""
        self._heard_at = self._clock()

    def doubt(self) -> None:
        """Has the server asked, unless it is being asked: somebody has got no answer."""
        if self._probing is None:
            self._probing = start_detached(self._settle_doubt(), name=f"probe-{self._name}")

    @asynccontextmanager
    async def block(self) -> AsyncIterator[None]:
        """A time in which an answer of the server is awaited."""
        self.check()
        try:
            async with asyncio.timeout(None) as timer:
                self._waiting[timer] = self._clock()
                if self._look is None:
                    self._look_in(self._silent_seconds)
                try:
                    yield
                finally:
                    self._waiting.pop(timer, None)
        except Exception as error:
            if timer.expired():
                raise ServerSilent(f"{self._name} has stopped answering") from error
            self._judge(error)
            raise
        self.heard()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """A time in which the server may be silent; it is cut off like any other when a probe fails."""
        self.check()
        try:
            async with asyncio.timeout(None) as timer:
                self._listening.add(timer)
                try:
                    yield
                finally:
                    self._listening.discard(timer)
        except TimeoutError as error:
            if timer.expired():
                raise ServerSilent(f"{self._name} has stopped answering") from error
            raise

    async def close(self) -> None:
        """Stops looking and probing."""
        if self._look is not None:
            self._look.cancel()
        if self._probing is not None:
            await end(self._probing)

    def _judge(self, error: Exception) -> None:
        if self._is_outage(error):
            self.doubt()
        elif self._is_answer(error):
            self.heard()

    def _look_in(self, seconds: float) -> None:
        self._look = asyncio.get_running_loop().call_later(seconds, self._look_for_silence)

    def _look_for_silence(self) -> None:
        self._look = None
        oldest = next(iter(self._waiting.values()), None)
        if oldest is None:
            return
        left = max(oldest, self._heard_at) + self._silent_seconds - self._clock()
        if left <= 0:
            self.doubt()
        self._look_in(left if left > 0 else self._silent_seconds)

    async def _settle_doubt(self) -> None:
        try:
            between, most = AGAIN_SECONDS
            while not await self._answers():
                self._leave_alone(between / 2 + between / 2 * random.random())
                await asyncio.sleep(max(0.0, (self._away_until or 0.0) - self._clock()))
                between = min(2 * between, most)
        finally:
            self._away_until = None
            self._probing = None

    async def _answers(self) -> bool:
        began_at = self._clock()
        try:
            async with asyncio.timeout(self._probe_seconds):
                await self._probe()
        except Exception:
            return self._heard_at > began_at
        self.heard()
        return True

    def _leave_alone(self, seconds: float) -> None:
        if self._away_until is None:
            self._opened.inc()
        self._away_until = self._clock() + seconds
        now = asyncio.get_running_loop().time()
        for timer in (*self._waiting, *self._listening):
            timer.reschedule(now)
        self._waiting.clear()
        self._listening.clear()
