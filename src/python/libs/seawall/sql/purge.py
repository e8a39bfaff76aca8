"""Deleting old rows in small transactions."""

import asyncio
from collections.abc import Mapping
from typing import Any

from sqlalchemy import TextClause

from seawall.sql.database import Database

BATCH = 2_000
PAUSE_SECONDS = 0.05


async def purge(
    database: Database,
    statement: TextClause,
    parameters: Mapping[str, Any],
    *,
    batch: int = BATCH,
    pause_seconds: float = PAUSE_SECONDS,
) -> int:
    """Repeats a DELETE of at most `:limit` rows, each in a transaction of its own. Returns how many went.

    No lock is held for longer than one batch, and others get a turn in the pauses. To be shared by
    replicas the statement selects its rows FOR UPDATE SKIP LOCKED.
    """
    deleted = 0
    while True:
        async with database.transaction() as connection:
            found = (await connection.execute(statement, {**parameters, "limit": batch})).rowcount
        deleted += found
        if found < batch:
            return deleted
        await asyncio.sleep(pause_seconds)
