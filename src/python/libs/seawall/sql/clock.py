"""The database's clock, known without asking for it each time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import text

from seawall.sql.database import Database

_NOW = text("SELECT extract(epoch FROM clock_timestamp())")
# A reading is off by half its round trip at most: after a slow one the last is the better one.
LONGEST_ROUND_TRIP_SECONDS = 0.5


class DatabaseClock:
    """The time of the database server: the same for all replicas, whatever their wall clocks say.

    Between two readings it goes on with the process's monotonic clock, which no change of the wall
    clock moves. Not to be asked before the first `sync`; every few seconds another one is due.
    """

    def __init__(self, database: Database, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._ahead_seconds: float | None = None

    def time(self) -> float:
        """Seconds since the Unix epoch."""
        if self._ahead_seconds is None:
            raise RuntimeError("the clock of the database has not been read yet")
        return self._monotonic() + self._ahead_seconds

    def now(self) -> datetime:
        """The same, in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    async def sync(self) -> None:
        """Reads the server's clock. Raises what Database raises: then the last reading counts on."""
        async with self._database.connection() as connection:
            asked_at = self._monotonic()
            told = float((await connection.execute(_NOW)).scalar_one())
            answered_at = self._monotonic()
        if self._ahead_seconds is None or answered_at - asked_at <= LONGEST_ROUND_TRIP_SECONDS:
            self._ahead_seconds = told - (asked_at + answered_at) / 2
