"""Circuit breaker: a dependency that fails is left alone for a while, then tried with a few calls.

On pybreaker's state storage and listeners. Its own `call` never trips on coroutines, and lets any number of
probes through: window, permits and generations are ours (`circuit.py`).
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence

from seawall.extras import extra
from seawall.resilience.errors import CircuitOpen
from seawall.resilience.failures import is_outage
from seawall.resilience.metrics import CIRCUIT_BAD, CIRCUIT_STATE, REJECTED
from seawall.resilience.policy import Call, T

with extra("breaker"):
    import pybreaker
    from pybreaker import STATE_CLOSED, STATE_HALF_OPEN, STATE_OPEN

    from seawall.resilience.circuit import Circuit, CircuitSettings

__all__ = ["CircuitBreaker", "CircuitSettings"]

_DEFAULTS = CircuitSettings()
_FIGURES = {STATE_CLOSED: 0, STATE_HALF_OPEN: 1, STATE_OPEN: 2}


class CircuitBreaker:
    """Raises CircuitOpen without a call while the dependency is left alone.

    Neither good nor bad are errors that `is_outage` denies (4xx), and calls cancelled sooner than
    `slow_seconds`. What is cancelled later was slow: so a time-out around the breaker counts.
    """

    def __init__(
        self,
        name: str,
        settings: CircuitSettings = _DEFAULTS,
        *,
        storage: pybreaker.CircuitBreakerStorage | None = None,
        listeners: Sequence[pybreaker.CircuitBreakerListener] = (),
        is_outage: Callable[[Exception], bool] = is_outage,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        """`storage` keeps the state, and may share it (`SharedCircuit`). `uniform` returns 0 to 1."""
        storage = storage or pybreaker.CircuitMemoryStorage(STATE_CLOSED)
        self.name = name
        self._reported = pybreaker.CircuitBreaker(state_storage=storage, listeners=listeners, name=name)
        self._circuit = Circuit(self._reported, storage, settings, clock, uniform)
        self._storage = storage
        self._listeners = tuple(listeners)
        self._slow_seconds = settings.slow_seconds
        self._is_outage = is_outage
        self._clock = clock
        self._rejected = REJECTED.labels(name, "circuit")
        self._bad = CIRCUIT_BAD.labels(name)
        CIRCUIT_STATE.labels(name).set_function(lambda: _FIGURES[storage.state])

    @property
    def state(self) -> str:
        """`closed`, `open` or `half-open`, as pybreaker names them."""
        return self._storage.state

    async def execute(self, call: Call[T]) -> T:
        """What the call returns."""
        generation = self._admit(call)
        slow_at = self._clock() + self._slow_seconds
        try:
            result = await call()
        except BaseException as error:
            self._settle(generation, self._judge(error, self._clock() >= slow_at), error)
            raise
        self._settle(generation, self._clock() >= slow_at)
        return result

    def _admit(self, call: Call[T]) -> int:
        try:
            generation = self._circuit.admit()
        except CircuitOpen:
            self._rejected.inc()
            raise
        for listener in self._listeners:
            listener.before_call(self._reported, call)
        return generation

    def _judge(self, error: BaseException, is_slow: bool) -> bool | None:
        if isinstance(error, Exception):
            return True if self._is_outage(error) else None
        return True if is_slow and isinstance(error, asyncio.CancelledError) else None

    def _settle(self, generation: int, was_bad: bool | None, error: BaseException | None = None) -> None:
        if was_bad:
            self._bad.inc()
        self._circuit.settle(generation, was_bad)
        for listener in self._listeners:
            if error is None:
                listener.success(self._reported)
            elif was_bad:
                listener.failure(self._reported, error)
