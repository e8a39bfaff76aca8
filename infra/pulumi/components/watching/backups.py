"""Backups of PostgreSQL that are not made. Its servers tell, by figures of the plugin and of the operator."""

from datetime import timedelta

from components.kind.stores_namespace import STORES
from components.watching.rules import Alert
from promql import most

RESTORE = "restore.md"
# One a day is the least that the settings allow, and it takes its time.
OLD = timedelta(hours=26)
WAITING_SEGMENTS = 20
MINUTE = timedelta(minutes=1)


def backups() -> list[Alert]:
    """All are warnings: what is lost meanwhile is nothing yet."""
    made = _stores("barman_cloud_cloudnative_pg_io_last_available_backup_timestamp")
    failed = _stores("barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp")
    waiting = _stores("cnpg_collector_pg_wal_archive_status", 'value="ready"')
    old = f"time() - {most(made)} > {OLD.total_seconds():.0f} or absent({made})"
    return [
        Alert(
            "BackupFailed",
            "The last copy of PostgreSQL failed",
            f"{most(failed)} > {most(made)}",
            "warning",
            RESTORE,
            5 * MINUTE,
        ),
        Alert(
            "BackupTooOld",
            "The last copy of PostgreSQL is over 26 h old, or no server tells of one",
            old,
            "warning",
            RESTORE,
            60 * MINUTE,
        ),
        Alert(
            "ArchiveLags",
            "{{ $value }} files of PostgreSQL's log wait to be archived, and fill its disk",
            f"{most(waiting)} > {WAITING_SEGMENTS}",
            "warning",
            RESTORE,
            15 * MINUTE,
        ),
    ]


def _stores(metric: str, *matchers: str) -> str:
    """Of the pods of the stores."""
    inside = ",".join([f'namespace="{STORES}"', *matchers])
    return f"{metric}{{{inside}}}"
