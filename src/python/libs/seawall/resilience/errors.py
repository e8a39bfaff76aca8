"""What can go wrong here.

ResilienceError
├── DeadlineExceeded   the caller does not wait any longer, or not long enough for a call
└── MalformedTimeout   a header that is no time-out
"""


class ResilienceError(Exception):
    """Anything raised by this lib."""


class DeadlineExceeded(ResilienceError):
    """Too little time is left. What was under way may have been done or not."""


class MalformedTimeout(ResilienceError, ValueError):
    """The text is not a time-out of its format."""
