"""PostgreSQL is restarted in the middle of sagas. It is a server of this file alone."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from contract.saga import victim
from contract.saga.book import sagas_with_outbox
from real_postgres import answers, own_postgres
from seawall.testing import until


@pytest.mark.parametrize("end", ["stop", "crash"])
async def test_a_saga_goes_on_where_it_stood(tmp_path: Path, end: str) -> None:
    """A move that the restart cut off has not happened; the reply that comes again makes it."""
    async with own_postgres(tmp_path) as postgres, sagas_with_outbox(postgres.database()) as database:
        await victim.make("start", database)

        async def cut(at: str) -> None:
            if at == "before commit":
                await getattr(postgres, end)()

        with pytest.raises((SQLAlchemyError, OSError)):
            await victim.make("reserved", database, cut)
        await postgres.start()
        await until(lambda: answers(database))
        for name in ("reserved", "charged", "committed"):
            await victim.make(name, database)
        async with database.connection() as connection:
            sent = await connection.execute(text("SELECT message_id FROM outbox ORDER BY id"))
            assert sent.scalars().all() == ["a:reserve", "a:charge", "a:commit"]
            assert (await connection.execute(text("SELECT status FROM saga"))).scalar() == "done"
