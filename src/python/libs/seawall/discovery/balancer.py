"""Which endpoint a call goes to: the better of two that are drawn (P2C), by latency and calls in flight.

Sources: Mitzenmacher, The Power of Two Choices in Randomized Load Balancing (2001); Finagle's peak EWMA.
"""

import asyncio
import math
import random
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from seawall.discovery.discovery import Discovery
from seawall.discovery.endpoint import Endpoint
from seawall.discovery.errors import NoEndpoints


class _Load:
    """One endpoint's calls in flight, and its latency: peaks count at once, and fade."""

    __slots__ = ("_fade_seconds", "_latency", "_measured_at", "_unmeasured_seconds", "in_flight")

    def __init__(self, fade_seconds: float, unmeasured_seconds: float) -> None:
        self.in_flight = 0
        self._fade_seconds = fade_seconds
        self._unmeasured_seconds = unmeasured_seconds
        self._latency = 0.0
        self._measured_at = 0.0

    def cost(self, now: float) -> tuple[float, int]:
        """What to compare. An endpoint that was never measured is tried first, with one call at a time."""
        latency = self._latency * self._weight(now)
        if not self._latency and self.in_flight:
            latency = self._unmeasured_seconds
        return latency * (self.in_flight + 1), self.in_flight

    def measured(self, seconds: float, now: float) -> None:
        """One call took so long."""
        weight = self._weight(now)
        self._latency = max(seconds, self._latency * weight + seconds * (1 - weight))
        self._measured_at = now

    def _weight(self, now: float) -> float:
        return math.exp(-max(0.0, now - self._measured_at) / self._fade_seconds)


class Balancer:
    """Chooses an endpoint for each call. A failure counts as a call of `penalty_seconds` at least.

    So an endpoint that fails fast does not draw calls, and is tried again as the penalty fades.
    """

    def __init__(
        self,
        discovery: Discovery,
        *,
        fade_seconds: float = 10.0,
        penalty_seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        draw: random.Random | None = None,
    ) -> None:
        self._discovery = discovery
        self._fade_seconds = fade_seconds
        self._penalty_seconds = penalty_seconds
        self._clock = clock
        self._draw = draw or random.Random()
        self._known: tuple[Endpoint, ...] = ()
        self._loads: dict[Endpoint, _Load] = {}

    @contextmanager
    def endpoint(self, without: Collection[Endpoint] = ()) -> Iterator[Endpoint]:
        """The endpoint for one call, which lasts as long as the context.

        `without` are endpoints that the call has failed on; they are taken only where there is no other.
        Cancelled calls tell nothing about an endpoint. Errors: NoEndpoints.
        """
        chosen = self._choose(without)
        load = self._loads[chosen]
        began_at = self._clock()
        load.in_flight += 1
        try:
            yield chosen
        except asyncio.CancelledError:
            raise
        except BaseException:
            now = self._clock()
            load.measured(max(now - began_at, self._penalty_seconds), now)
            raise
        else:
            now = self._clock()
            load.measured(now - began_at, now)
        finally:
            load.in_flight -= 1

    def _choose(self, without: Collection[Endpoint]) -> Endpoint:
        self._follow(self._discovery.endpoints)
        left = [each for each in self._known if each not in without] if without else self._known
        left = left or self._known
        if not left:
            raise NoEndpoints(f"nobody is known to serve {self._discovery.service}")
        if len(left) == 1:
            return left[0]
        now = self._clock()
        return min(self._draw.sample(left, 2), key=lambda endpoint: self._loads[endpoint].cost(now))

    def _follow(self, known: tuple[Endpoint, ...]) -> None:
        if known is not self._known:
            self._loads = {each: self._loads.get(each) or self._new_load() for each in known}
            self._known = known

    def _new_load(self) -> _Load:
        return _Load(self._fade_seconds, self._penalty_seconds)
