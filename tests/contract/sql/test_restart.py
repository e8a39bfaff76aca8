"""A PostgreSQL that is restarted and that crashes under load. It is a server of this file alone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from real_postgres import OwnPostgres, own_postgres
from seawall.sql import STORE_AWAY, Database, GroupCommit, open_database
from seawall.testing import until

ADD = text("INSERT INTO t SELECT unnest(CAST(:items AS int[])) ON CONFLICT DO NOTHING")


@pytest.fixture
async def postgres(tmp_path: Path) -> AsyncIterator[OwnPostgres]:
    async with own_postgres(tmp_path) as server:
        yield server


async def add(connection: AsyncConnection, items: Sequence[int]) -> Sequence[int]:
    await connection.execute(ADD, {"items": list(items)})
    return items


async def stored(database: Database) -> set[int]:
    async with database.connection() as connection:
        return set((await connection.execute(text("SELECT n FROM t"))).scalars())


class Callers:
    """Many that submit numbers, one after the other, and remember what they were told is committed."""

    def __init__(self, commits: "GroupCommit[int, int]") -> None:
        self._commits = commits
        self._numbers = iter(range(10**9))
        self.committed: set[int] = set()
        self.refused = 0

    async def call(self) -> None:
        while True:
            number = next(self._numbers)
            try:
                self.committed.add(await self._commits.submit(number))
            except STORE_AWAY:
                self.refused += 1
                await asyncio.sleep(0.01)

    async def commit_more(self) -> None:
        before = len(self.committed)
        await until(lambda: len(self.committed) > before + 50, timeout_seconds=60)


@pytest.mark.parametrize("end", ["stop", "crash"])
async def test_what_was_told_committed_outlives_the_server(postgres: OwnPostgres, end: str) -> None:
    """While it is away callers are refused, not held; when it is back they go on by themselves."""
    async with open_database(postgres.database()) as database:
        async with database.transaction() as connection:
            await connection.execute(text("CREATE TABLE t (n int PRIMARY KEY)"))
        async with GroupCommit(database, add) as commits:
            callers = Callers(commits)
            calling = [asyncio.create_task(callers.call()) for _ in range(20)]
            await callers.commit_more()
            await getattr(postgres, end)()
            await until(lambda: callers.refused >= 20, timeout_seconds=60)
            await postgres.start()
            await callers.commit_more()
            for task in calling:
                task.cancel()
            await asyncio.wait(calling)
        assert callers.committed <= await stored(database)


async def test_a_listener_says_that_it_hears_nothing_more(postgres: OwnPostgres) -> None:
    """A block that listens ends with an error when its server goes, and another one hears again."""
    heard = asyncio.Event()
    async with open_database(postgres.database()) as database:
        with pytest.raises(STORE_AWAY):
            async with database.listening("news", heard.set) as connection:
                await postgres.stop()
                await connection.execute(text("SELECT 1"))
        await postgres.start()
        async with database.listening("news", heard.set):
            with suppress(*STORE_AWAY):
                await database.ping()
            async with database.transaction() as connection:
                await connection.execute(text("NOTIFY news"))
            async with asyncio.timeout(30):
                await heard.wait()
