"""The open loop: each arrival is fired at its time, whatever became of those before it."""

import asyncio
import random
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
TRIED_AGAIN = "(tried again)"
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 8.0


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
    """Fires visits into the pool and notes what comes back.

    A purchase without an answer, or with a 5xx, is sent again with the same Idempotency-Key after a growing
    pause, `tries` times in all: then it counts by its last outcome, and the others beside it.
    """

    def __init__(
        self, pool: Pool, visits: Callable[[], Visit], recorder: Recorder, *, tries: int = 1
    ) -> None:
        self._pool = pool
        self._visits = visits
        self._recorder = recorder
        self._tries = tries
        self._pausing = 0
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
        while (self._pool.in_flight or self._pausing) and self._loop.time() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    def _fire(self, at_seconds: float) -> None:
        self._recorder.arrived(at_seconds)
        self._send(self._visits(), at_seconds, tried=0)

    def _send(self, visit: Visit, at_seconds: float, tried: int) -> None:
        def done(status: int, body: bytes) -> None:
            if visit.kind == "buy" and tried + 1 < self._tries and (status == 0 or status >= 500):
                self._recorder.failed(f"{visit.kind} {TRIED_AGAIN}", _outcome(status, body))
                self._send_later(visit, at_seconds, tried + 1)
            else:
                self._done(visit.kind, at_seconds, status, body)

        if not self._pool.submit(visit.request, done):
            self._recorder.dropped += 1
            self._recorder.failed(visit.kind, "dropped", at_seconds)

    def _send_later(self, visit: Visit, at_seconds: float, tried: int) -> None:
        def send() -> None:
            self._pausing -= 1
            self._send(visit, at_seconds, tried)

        self._pausing += 1
        pause_seconds = min(FIRST_PAUSE_SECONDS * 2 ** (tried - 1), LONGEST_PAUSE_SECONDS)
        # Those who were cut off together do not come back together.
        self._loop.call_later(pause_seconds * random.uniform(0.5, 1.5), send)

    def _done(self, kind: str, at_seconds: float, status: int, body: bytes) -> None:
        outcome = _outcome(status, body)
        if not status:
            self._recorder.failed(kind, outcome, at_seconds)
            return
        now_seconds = self._loop.time() - self._started
        if status == 202:
            self._recorder.accept(msgspec.json.decode(body, type=Accepted).order_id, now_seconds)
        elif status >= 400:
            # A refusal is quicker or slower than an accept: their latencies are told apart.
            kind = f"{kind} {REFUSED}"
        self._recorder.answered(kind, outcome, at_seconds, now_seconds - at_seconds)


def _outcome(status: int, body: bytes) -> str:
    if not status:
        return body.decode() or "no answer"
    return f"{status} {_problem(body)}".strip() if status >= 400 else str(status)


def _problem(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=ProblemType).type.rpartition(":")[2]
    except msgspec.DecodeError:
        return ""
