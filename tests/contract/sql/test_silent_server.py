"""A PostgreSQL behind a wire that loses what is sent, refuses, or is slow."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from real_postgres import answers
from seawall.resilience import CircuitOpen, ServerSilent
from seawall.sql import STORE_AWAY, Database, GroupCommit, open_database
from seawall.testing import Cable, Fault, until


@pytest.fixture
async def cable(database_url: str) -> AsyncIterator[Cable]:
    url = make_url(database_url)
    assert url.host is not None and url.port is not None
    async with Cable(url.host, url.port) as laid:
        yield laid


@pytest.fixture
async def database(database_url: str, cable: Cable) -> AsyncIterator[Database]:
    url = make_url(database_url).set(host="127.0.0.1", port=cable.port)
    async with open_database(url.render_as_string(hide_password=False), pool_size=2) as opened:
        await opened.ping()
        yield opened


async def is_refused(database: Database) -> bool:
    try:
        await database.ping()
    except CircuitOpen:
        return True
    except STORE_AWAY:
        return False
    return False


@pytest.mark.parametrize("fault", [Fault.DROPPING, Fault.SLOW, Fault.REFUSING, Fault.GONE])
async def test_callers_are_refused_until_it_answers(database: Database, cable: Cable, fault: Fault) -> None:
    """Then they are served again, and nobody had to say so."""
    async with cable.broken(fault):
        await until(lambda: is_refused(database), timeout_seconds=60)
    await until(lambda: answers(database), timeout_seconds=60)


async def test_a_block_without_a_deadline_does_not_hang(database: Database, cable: Cable) -> None:
    """Its bytes are lost: no TCP connection would say so for a quarter of an hour."""
    async with cable.broken(Fault.DROPPING):
        with pytest.raises(ServerSilent):
            await database.ping()


async def test_a_listener_does_not_wait_for_ever(database: Database, cable: Cable) -> None:
    """It is cut off when others have found out."""

    async def listen() -> None:
        async with database.listening("news", lambda: None, idle_seconds=600):
            listens.set()
            await asyncio.Event().wait()

    listens = asyncio.Event()
    listening = asyncio.create_task(listen())
    await listens.wait()
    async with cable.broken(Fault.DROPPING):
        with pytest.raises(ServerSilent):
            await database.ping()
        with pytest.raises(ServerSilent):
            await listening


async def test_a_group_commit_fails_its_callers_and_goes_on(database: Database, cable: Cable) -> None:
    """Those that wait are told, those that come are refused, and later ones are served."""

    async def add(connection: AsyncConnection, items: Sequence[int]) -> Sequence[int]:
        await connection.execute(text("SELECT 1"))
        return items

    async with GroupCommit(database, add, max_batch=1) as commits:
        async with cable.broken(Fault.DROPPING):
            told = await asyncio.gather(*(commits.submit(n) for n in range(3)), return_exceptions=True)
            assert all(isinstance(error, ServerSilent | CircuitOpen) for error in told)
            with pytest.raises(CircuitOpen):
                await commits.submit(4)
        await until(lambda: answers(database), timeout_seconds=60)
        assert await commits.submit(5) == 5


async def test_a_lock_is_no_silence(database: Database) -> None:
    """Who waits for one for seconds is not cut off, nor is anybody refused."""
    async with database.transaction() as holder:
        await holder.execute(text("CREATE TABLE locked (n int)"))
        await holder.execute(text("SELECT pg_advisory_xact_lock(1)"))

        async def wait() -> None:
            async with database.transaction() as waiter:
                await waiter.execute(text("SELECT pg_advisory_xact_lock(1)"))

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(3)
        database.check()
        assert not waiting.done()
    await waiting
