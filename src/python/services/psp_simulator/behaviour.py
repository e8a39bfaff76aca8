"""How the provider behaves: latency distribution, error rates, time-outs, slow death."""

import math
import random
import time
from collections.abc import Callable
from enum import Enum
from typing import Annotated

import msgspec

# The 99th percentile of the standard normal distribution.
Z99 = 2.3263478740408408

Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=60_000)]
PositiveMilliseconds = Annotated[float, msgspec.Meta(gt=0, le=60_000)]
Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all parts of a behaviour share: immutable, and strict about its fields."""


class Constant(Part, frozen=True, tag_field="kind", tag="constant"):
    """Every answer takes `ms`."""

    ms: Milliseconds

    def sample_ms(self, rng: random.Random) -> float:
        return self.ms


class Uniform(Part, frozen=True, tag_field="kind", tag="uniform"):
    """Every time between `min_ms` and `max_ms` is as likely."""

    min_ms: Milliseconds
    max_ms: Milliseconds

    def __post_init__(self) -> None:
        if self.max_ms < self.min_ms:
            raise ValueError("max_ms must be at least min_ms")

    def sample_ms(self, rng: random.Random) -> float:
        return rng.uniform(self.min_ms, self.max_ms)


class Lognormal(Part, frozen=True, tag_field="kind", tag="lognormal"):
    """A long tail to the right, given by its median and its 99th percentile."""

    median_ms: PositiveMilliseconds
    p99_ms: PositiveMilliseconds

    def __post_init__(self) -> None:
        if self.p99_ms < self.median_ms:
            raise ValueError("p99_ms must be at least median_ms")

    def sample_ms(self, rng: random.Random) -> float:
        sigma = math.log(self.p99_ms / self.median_ms) / Z99
        return rng.lognormvariate(math.log(self.median_ms), sigma)


class SlowDeath(Part, frozen=True):
    """Each second since the behaviour was set adds `ms_per_second` to every answer, up to `max_ms`."""

    ms_per_second: Milliseconds
    max_ms: Milliseconds = 30_000


class Behaviour(Part, frozen=True):
    """What is to happen to the calls that move money (charge and void); reads are never disturbed.

    error_rate: answered 503, nothing done. timeout_rate: never answered, nothing done.
    timeout_after_charge_rate: done, but never answered. decline_rate: of the charges, declined.
    An answer that never comes is given up after hang_seconds. `seed` makes the dice repeatable.
    """

    latency: Constant | Uniform | Lognormal = Lognormal(median_ms=20, p99_ms=80)
    error_rate: Rate = 0.0
    decline_rate: Rate = 0.0
    timeout_rate: Rate = 0.0
    timeout_after_charge_rate: Rate = 0.0
    slow_death: SlowDeath | None = None
    hang_seconds: Annotated[float, msgspec.Meta(ge=0, le=120)] = 30.0
    seed: int = 1

    def __post_init__(self) -> None:
        if self.error_rate + self.timeout_rate + self.timeout_after_charge_rate > 1:
            raise ValueError("error_rate + timeout_rate + timeout_after_charge_rate must be at most 1")


DEFAULT = Behaviour()


class Fault(Enum):
    """What goes wrong with one call."""

    NONE = "none"
    ERROR = "error"
    TIMEOUT = "timeout"
    TIMEOUT_AFTER = "timeout_after"


class Fate(msgspec.Struct, frozen=True):
    """What was decided for one call, before it is made."""

    delay_seconds: float
    fault: Fault
    declined: bool


class Director:
    """Draws the fate of each call. The same behaviour and seed give the same sequence of fates."""

    def __init__(self, behaviour: Behaviour = DEFAULT, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.direct(behaviour)

    @property
    def behaviour(self) -> Behaviour:
        """The behaviour in force."""
        return self._behaviour

    def direct(self, behaviour: Behaviour) -> None:
        """Puts a behaviour in force: the dice and the slow death start anew."""
        self._behaviour = behaviour
        self._rng = random.Random(behaviour.seed)
        self._since = self._clock()

    def fate(self) -> Fate:
        """Draws for the next call. Three draws each, so that changed rates keep the latencies."""
        latency_ms = self._behaviour.latency.sample_ms(self._rng) + self._dying_ms()
        fault = self._fault(self._rng.random())
        declined = self._rng.random() < self._behaviour.decline_rate
        return Fate(latency_ms / 1000, fault, declined)

    def _dying_ms(self) -> float:
        dying = self._behaviour.slow_death
        if dying is None:
            return 0.0
        return min((self._clock() - self._since) * dying.ms_per_second, dying.max_ms)

    def _fault(self, draw: float) -> Fault:
        behaviour = self._behaviour
        for rate, fault in (
            (behaviour.error_rate, Fault.ERROR),
            (behaviour.timeout_rate, Fault.TIMEOUT),
            (behaviour.timeout_after_charge_rate, Fault.TIMEOUT_AFTER),
        ):
            if draw < rate:
                return fault
            draw -= rate
        return Fault.NONE
