"""The states of a circuit: closed, open, half-open; which calls each lets through, and what moves it on.

Source: Nygard, Release It!, 2nd ed., "Circuit Breaker". Storage of the state and listeners are pybreaker's.
"""

from collections.abc import Callable
from dataclasses import dataclass

from seawall.extras import extra
from seawall.resilience.errors import CircuitOpen
from seawall.resilience.metrics import CIRCUIT_OPENED
from seawall.resilience.window import Window

with extra("breaker"):
    import pybreaker
    from pybreaker import STATE_CLOSED, STATE_HALF_OPEN, STATE_OPEN


@dataclass(frozen=True, slots=True)
class CircuitSettings:
    """It opens once `bad_share` of at least `least_calls` of the window have failed or were slow.

    It stays open for `open_seconds`, each time in a row twice as long, up to `most_open_seconds`; half of
    that is random. Then it lets `probes` calls in at once, and as many good ones close it.
    """

    window_seconds: float = 30.0
    least_calls: int = 20
    bad_share: float = 0.5
    slow_seconds: float = 1.0
    open_seconds: float = 5.0
    most_open_seconds: float = 60.0
    probes: int = 3


class Circuit:
    """Each state is a generation: what began in an earlier one does not count in it.

    Of the storage it uses the state, the counter (how often it opened in a row) and the success counter.
    """

    def __init__(
        self,
        circuit: pybreaker.CircuitBreaker,
        storage: pybreaker.CircuitBreakerStorage,
        settings: CircuitSettings,
        clock: Callable[[], float],
        uniform: Callable[[], float],
    ) -> None:
        """`circuit` is pybreaker's, on that storage: it tells its listeners of each new state."""
        self._circuit = circuit
        self._storage = storage
        self._settings = settings
        self._clock = clock
        self._uniform = uniform
        self._window = Window(settings.window_seconds, clock)
        self._opened = CIRCUIT_OPENED.labels(circuit.name)
        self._state = STATE_CLOSED
        self._generation = 0
        self._probing = 0
        self._probe_at = 0.0

    def admit(self) -> int:
        """Lets a call through: its generation, for `settle`, once and in any case. Raises CircuitOpen."""
        state = self._storage.state
        if state != self._state:
            self._enter(state)
        if self._state == STATE_CLOSED:
            return self._generation
        if self._state == STATE_OPEN:
            self._half_open()
        if self._probing >= self._settings.probes:
            raise CircuitOpen(self._name, 0.0)
        self._probing += 1
        return self._generation

    def settle(self, generation: int, was_bad: bool | None) -> None:
        """Counts what became of a call: good, bad, or None for neither."""
        state = self._storage.state
        if state != self._state:
            self._enter(state)
        if generation != self._generation:
            return
        if self._state != STATE_CLOSED:
            self._probed(was_bad)
        elif was_bad is not None:
            calls, bad = self._window.add(1.0, float(was_bad))
            if was_bad and self._is_too_much(calls, bad):
                self._open()

    def _is_too_much(self, calls: float, bad: float) -> bool:
        return calls >= self._settings.least_calls and bad >= calls * self._settings.bad_share

    def _probed(self, was_bad: bool | None) -> None:
        self._probing -= 1
        if was_bad:
            self._open()
        elif was_bad is False:
            self._storage.increment_success_counter()
            if self._storage.success_counter >= self._settings.probes:
                self._circuit.close()
                self._enter(STATE_CLOSED)

    def _open(self) -> None:
        self._storage.increment_counter()
        self._circuit.open()
        self._opened.inc()
        self._enter(STATE_OPEN)

    def _half_open(self) -> None:
        left = self._probe_at - self._clock()
        if left > 0:
            raise CircuitOpen(self._name, left)
        self._circuit.half_open()
        self._enter(STATE_HALF_OPEN)

    def _enter(self, state: str) -> None:
        self._state = state
        self._generation += 1
        self._probing = 0
        self._window.clear()
        if state == STATE_OPEN:
            self._probe_at = self._clock() + self._open_seconds()
        # Where another replica moved it: pybreaker notices, and tells the listeners.
        _ = self._circuit.state

    def _open_seconds(self) -> float:
        """Equal jitter: replicas that opened together do not probe together."""
        doublings = min(max(0, self._storage.counter - 1), 30)
        most: float = min(self._settings.most_open_seconds, self._settings.open_seconds * 2**doublings)
        return most / 2 + most / 2 * self._uniform()

    @property
    def _name(self) -> str:
        return self._circuit.name or "circuit"
