"""Progress for a person who waits: one line per step, with the seconds since the start."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class Progress:
    """Writes lines such as `   2.4 s  kafka is ready (1.1 s)`. May be called from any thread.

    `write` takes one line without its end; `clock` is in seconds.
    """

    def __init__(
        self, write: Callable[[str], None] = _to_stderr, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._write = write
        self._clock = clock
        self._started_at = clock()

    def say(self, text: str) -> None:
        """One line, now."""
        self._write(f"{self._clock() - self._started_at:6.1f} s  {text}")

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """One line with the step's own seconds once the block has ended well; none if it raises."""
        began_at = self._clock()
        yield
        self.say(f"{text} ({self._clock() - began_at:.1f} s)")


def silent() -> Progress:
    """A Progress that writes nothing."""
    return Progress(write=lambda line: None)
