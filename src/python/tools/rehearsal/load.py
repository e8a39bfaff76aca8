"""The open loop: each arrival is fired at its time, whatever became of those before it."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from tools.rehearsal.http_pool import Done
from tools.rehearsal.recorder import Recorder
from tools.rehearsal.visitors import Visit

# The shortest sleep: arrivals that fall into one are fired together, late by at most this.
TICK_SECONDS = 0.001
FIRED_BEFORE_A_REST = 32
REFUSED = "(refused)"


class Accepted(msgspec.Struct, frozen=True):
    """What is read of a 202."""

    order_id: str


class ProblemType(msgspec.Struct, frozen=True):
    """What is read of a problem+json."""

    type: str = ""


class Pool(Protocol):
    """What the load needs of HttpPool."""

    @property
    def in_flight(self) -> int: ...

    def submit(self, request: bytes, done: Done) -> bool: ...


class Load:
    """Fires visits into the pool and notes what comes back."""

    def __init__(self, pool: Pool, visits: Callable[[], Visit], recorder: Recorder) -> None:
        self._pool = pool
        self._visits = visits
        self._recorder = recorder
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the load began."""
        return self._loop.time() - self._started

    async def run(self, arrivals: Iterable[float]) -> None:
        """Fires each arrival at its time, never early. Returns when the last was fired."""
        self._started = self._loop.time()
        fired = 0
        for at_seconds in arrivals:
            ahead_seconds = self._started + at_seconds - self._loop.time()
            if ahead_seconds > 0 or fired == FIRED_BEFORE_A_REST:
                await asyncio.sleep(max(ahead_seconds, TICK_SECONDS) if ahead_seconds > 0 else 0)
                fired = 0
            self._fire(at_seconds)
            fired += 1

    async def settle(self, timeout_seconds: float) -> None:
        """Waits for the answers that are still out; the pool's own deadline ends what never comes."""
        end = self._loop.time() + timeout_seconds
        while self._pool.in_flight and self._loop.time() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    def _fire(self, at_seconds: float) -> None:
        visit = self._visits()
        self._recorder.arrived(at_seconds)

        def done(status: int, body: bytes) -> None:
            self._done(visit.kind, at_seconds, status, body)

        if not self._pool.submit(visit.request, done):
            self._recorder.dropped += 1
            self._recorder.failed(visit.kind, "dropped")

    def _done(self, kind: str, at_seconds: float, status: int, body: bytes) -> None:
        if not status:
            self._recorder.failed(kind, "no answer")
            return
        outcome = str(status)
        now_seconds = self._loop.time() - self._started
        if status == 202:
            self._recorder.accept(msgspec.json.decode(body, type=Accepted).order_id, now_seconds)
        elif status >= 400:
            outcome = f"{status} {_problem(body)}".strip()
            # A refusal is quicker or slower than an accept: their latencies are told apart.
            kind = f"{kind} {REFUSED}"
        self._recorder.answered(kind, outcome, at_seconds, now_seconds - at_seconds)


def _problem(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=ProblemType).type.rpartition(":")[2]
    except msgspec.DecodeError:
        return ""
