"""Lines that a library repeats at each try of what does not work."""

import logging
import time
from collections.abc import Callable, Collection

SECONDS = 60.0
MOST_KEPT = 1_000


class OncePerMinute(logging.Filter):
    """Lets a line of some libraries pass once a minute; lines count as the same before their arguments."""

    def __init__(self, libraries: Collection[str], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._libraries = frozenset(libraries)
        self._clock = clock
        self._passed_at: dict[tuple[str, object], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it passes."""
        if record.name.partition(".")[0] not in self._libraries:
            return True
        now, line = self._clock(), (record.name, record.msg)
        if now - self._passed_at.get(line, -SECONDS) < SECONDS:
            return False
        if len(self._passed_at) >= MOST_KEPT:
            self._passed_at.clear()
        self._passed_at[line] = now
        return True
