"""Client throttle: who is mostly refused sends less, so that refusing does not use up the other side.

Source: Google, Site Reliability Engineering, ch. 21, "Client-side throttling".
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from seawall.resilience.errors import Rejected, Throttled
from seawall.resilience.failures import is_refusal
from seawall.resilience.metrics import REJECTED, THROTTLE_SHARE
from seawall.resilience.policy import Call, T
from seawall.resilience.window import Window


@dataclass(frozen=True, slots=True)
class ThrottleSettings:
    """Calls are held back once there are `multiplier` times as many as are accepted; never all of them."""

    window_seconds: float = 60.0
    multiplier: float = 2.0
    most_share: float = 0.9


class ClientThrottle:
    """Raises Throttled for max(0, (calls - multiplier * accepted) / (calls + 1)) of the calls.

    Calls are counted with those that are held back here. Accepted is all that `is_refusal` denies.
    """

    def __init__(
        self,
        name: str,
        settings: ThrottleSettings = ThrottleSettings(),
        *,
        is_refusal: Callable[[Exception], bool] = is_refusal,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        """`uniform` returns numbers from 0 to 1."""
        self.name = name
        self._settings = settings
        self._is_refusal = is_refusal
        self._uniform = uniform
        self._calls = Window(settings.window_seconds, clock)
        self._rejected = REJECTED.labels(name, "throttle")
        THROTTLE_SHARE.labels(name).set_function(lambda: self.share)

    @property
    def share(self) -> float:
        """Of the calls, how many are held back now: 0 to `most_share`."""
        calls, accepted = self._calls.sums()
        above = (calls - self._settings.multiplier * accepted) / (calls + 1)
        return min(self._settings.most_share, max(0.0, above))

    async def execute(self, call: Call[T]) -> T:
        """What the call returns."""
        if self._uniform() < self.share:
            self._calls.add(1)
            self._rejected.inc()
            raise Throttled(self.name, "the other side refuses most calls")
        try:
            result = await call()
        except Rejected:
            # It never came to the other side.
            raise
        except Exception as error:
            self._calls.add(1, 0.0 if self._is_refusal(error) else 1.0)
            raise
        self._calls.add(1, 1.0)
        return result
