"""What can go wrong here.

SqlError
├── Overloaded       too many callers wait for a batch; nothing was done, come back later
├── Stopped          the group commit was cut short; whether the item was committed is not known
└── MigrationFailed  the schema is not at the wanted revision
"""


class SqlError(Exception):
    """Anything raised by this lib itself; the driver's errors are SQLAlchemy's."""


class Overloaded(SqlError):
    """Too many callers are waiting. Nothing was done."""


class Stopped(SqlError):
    """The group commit was cut short. Whether the item was committed is not known."""


class MigrationFailed(SqlError):
    """A migration did not run; the schema is as it was before that migration."""
