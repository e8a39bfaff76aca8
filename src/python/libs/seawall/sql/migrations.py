"""Changes of the schema. Alembic is imported when one is asked for: who only serves goes without."""

from pathlib import Path


async def upgrade(url: str, migrations: Path) -> None:
    """Applies `migrations/expand/*.py`. A schema of a newer release is left as it is.

    Replicas may start at once: an advisory lock lets one migrate while the others wait. Each migration is
    a transaction: one that fails leaves nothing, those before it stay. Raises MigrationFailed.
    """
    from seawall.sql import branches  # noqa: PLC0415 - see above

    await branches.upgrade(url, migrations)


async def contract(url: str, migrations: Path) -> list[str]:
    """Applies `migrations/contract/*.py`, once all of expand is. Returns the revisions.

    For a person to decide: no process of a release that uses what goes may run. Raises MigrationFailed.
    """
    from seawall.sql import branches  # noqa: PLC0415 - see above

    return await branches.contract(url, migrations)
