"""Telling a database that is away from one that refuses."""

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from seawall.resilience import CircuitOpen

STORE_AWAY: tuple[type[Exception], ...] = (SQLAlchemyError, OSError, TimeoutError, CircuitOpen)
"""What a statement may raise while its database is away; anything else is a bug."""

# SQLSTATE classes (PostgreSQL, appendix A): connection exception, too many connections, shutdown or start.
_AWAY = ("08", "53300", "57P")


def is_outage(error: Exception) -> bool:
    """Whether any other statement would have failed, too: nothing is wrong with this one."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or state.startswith(_AWAY)
    return isinstance(error, OSError | PoolTimeoutError | CircuitOpen)


def is_dead_connection(error: Exception) -> bool:
    """Whether a connection of the pool turned out to be dead: a new one may work."""
    return isinstance(error, DBAPIError) and error.connection_invalidated
