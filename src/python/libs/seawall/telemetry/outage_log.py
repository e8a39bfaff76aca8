"""Logging what fails over and over: once when it begins, once when it is over."""

import logging
import time
from collections.abc import Callable


class OutageLog:
    """Of something that is tried until it works. `what` names it in both lines."""

    def __init__(
        self, log: logging.Logger, what: str, *, clock: Callable[[], float] = time.monotonic, **extra: object
    ) -> None:
        self._log = log
        self._what = what
        self._clock = clock
        self._extra = extra
        self._failing_since: float | None = None

    def failed(self, error: Exception) -> None:
        """A warning, with the error, if it worked before."""
        if self._failing_since is None:
            self._failing_since = self._clock()
            extra = {**self._extra, "error": repr(error)}
            self._log.warning("%s does not work, it is tried again", self._what, extra=extra)

    def worked(self) -> None:
        """A line that says for how long it did not, if it failed before."""
        if self._failing_since is not None:
            extra = {**self._extra, "seconds": round(self._clock() - self._failing_since, 1)}
            self._failing_since = None
            self._log.info("%s works again", self._what, extra=extra)
