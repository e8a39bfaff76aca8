"""An orchestrator is killed with -9 at each point of each move: another one makes the move, once."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from contract.saga import victim
from contract.saga.book import sagas_with_outbox
from seawall.sql import Database
from seawall.testing import victims

WAITS = text("SELECT status || ' ' || step FROM saga")
STANDS = {
    "start": "running reserve",
    "reserved": "running charge",
    "charged": "running commit",
    "committed": "done commit",
    "refused": "compensating reserve",
    "timed out": "compensating charge",
    "voided": "compensating reserve",
    "released": "compensated reserve",
}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with sagas_with_outbox(database_url) as opened:
        yield opened


async def killed_at(point: str, name: str, database_url: str) -> None:
    async with victims.victim(victim.__file__, name, point, database_url) as process:
        await victims.is_at_its_point(process)


@pytest.mark.parametrize("point", victim.POINTS)
@pytest.mark.parametrize("name", victim.MOVES)
async def test_an_orchestrator_killed_at_any_step(
    database: Database, database_url: str, name: str, point: str
) -> None:
    """The reply comes again to another replica: the saga moved once, and its command was sent once."""
    move = victim.MOVES[name]
    for earlier in move.before:
        await victim.make(earlier, database)
    before = await outbox(database)
    await killed_at(point, name, database_url)
    if point == "after commit":
        assert await outbox(database) == [*before, *filter(None, [move.sends])]
    if not (name == "start" and point == "after commit"):
        await victim.make(name, database)
    assert await stands(database) == STANDS[name]
    again = [f"{move.sends}:again1"] if (name, point) == ("timed out", "after commit") else []
    assert await outbox(database) == [*before, *filter(None, [move.sends]), *again]


async def stands(database: Database) -> str:
    async with database.connection() as connection:
        return str((await connection.execute(WAITS)).scalar_one())


async def outbox(database: Database) -> list[str]:
    async with database.connection() as connection:
        return list((await connection.execute(text("SELECT message_id FROM outbox ORDER BY id"))).scalars())
