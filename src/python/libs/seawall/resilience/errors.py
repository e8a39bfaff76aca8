"""What can go wrong here.

ResilienceError
├── DeadlineExceeded   the caller does not wait any longer, or not long enough for a call
├── TimedOut           the call took longer than its own limit; the caller still waits
├── ServerSilent       the server has stopped answering while the call was under way
├── NeverSent          raised by adapters: nothing reached the other side
├── Rejected           refused on this side: no call was made
│   ├── CircuitOpen    it failed too often lately; says when to come back
│   ├── BulkheadFull   too many calls of its kind are under way and waiting
│   ├── Shed           this process has more to do than it can, and this matters less
│   └── Throttled      the other side refuses most calls: fewer are sent
└── MalformedTimeout   a header that is no time-out
"""


class ResilienceError(Exception):
    """Anything raised by this lib."""


class DeadlineExceeded(ResilienceError):
    """Too little time is left. What was under way may have been done or not."""


class TimedOut(ResilienceError, TimeoutError):
    """The call took longer than its own limit. It may have been done or not."""


class ServerSilent(ResilienceError, TimeoutError):
    """The server has stopped answering. Whether what was under way was done is not known."""


class NeverSent(ResilienceError):
    """Nothing reached the other side: the call may be repeated, whatever it does."""


class Rejected(ResilienceError):
    """No call was made. `name` is the policy's."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name


class CircuitOpen(Rejected):
    """The dependency failed too often lately. After `retry_after_seconds` it may be tried again."""

    def __init__(self, name: str, retry_after_seconds: float) -> None:
        super().__init__(name, f"the circuit is open, for {retry_after_seconds:.1f} s")
        self.retry_after_seconds = retry_after_seconds


class BulkheadFull(Rejected):
    """Too many calls are under way, and as many as may wait do."""


class Shed(Rejected):
    """There is more to do than can be done, and this matters less."""


class Throttled(Rejected):
    """The other side refuses most calls, so only some are sent."""


class MalformedTimeout(ResilienceError, ValueError):
    """The text is not a time-out of its format."""
