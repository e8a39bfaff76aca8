"""PostgreSQL for services: engines with time limits, group commit, migrations."""

from seawall.extras import extra

with extra("postgres"):
    from seawall.sql.clock import DatabaseClock
    from seawall.sql.database import Database, open_database
    from seawall.sql.errors import MigrationFailed, Overloaded, SqlError, Stopped
    from seawall.sql.group_commit import GroupCommit
    from seawall.sql.migrate_command import migrate_if_asked
    from seawall.sql.migrations import contract, upgrade
    from seawall.sql.outage import STORE_AWAY, is_outage
    from seawall.sql.purge import purge
    from seawall.sql.statement import Row, Statement

__all__ = [
    "STORE_AWAY",
    "Database",
    "DatabaseClock",
    "GroupCommit",
    "MigrationFailed",
    "Overloaded",
    "Row",
    "SqlError",
    "Statement",
    "Stopped",
    "contract",
    "is_outage",
    "migrate_if_asked",
    "open_database",
    "purge",
    "upgrade",
]
