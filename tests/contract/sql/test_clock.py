"""The database's clock, beside a real PostgreSQL."""

import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from seawall.sql import DatabaseClock, open_database

NOW = text("SELECT clock_timestamp()")


async def test_it_tells_what_the_server_would(database_url: str) -> None:
    """What it says lies between two answers of the server."""
    async with open_database(database_url) as database, database.connection() as connection:
        clock = DatabaseClock(database)
        await clock.sync()
        before = (await connection.execute(NOW)).scalar_one()
        told = clock.now()
        after = (await connection.execute(NOW)).scalar_one()
    # One reading is as exact as half its round trip.
    assert (before - told).total_seconds() < 0.5 > (told - after).total_seconds()


async def test_it_goes_on_by_itself(database_url: str) -> None:
    """Between two readings it moves with the monotonic clock, and with nothing else."""
    ticks = 1_000.0
    async with open_database(database_url) as database:
        clock = DatabaseClock(database, monotonic=lambda: ticks)
        await clock.sync()
        at_first = clock.time()
        ticks += 60
        assert clock.time() - at_first == pytest.approx(60)


async def test_a_slow_reading_does_not_replace_a_good_one(database_url: str) -> None:
    """An answer that was long on its way says little about the time."""
    ticks = iter([0.0, 0.0, 0.0, 100.0, 200.0, 300.0])
    async with open_database(database_url) as database:
        clock = DatabaseClock(database, monotonic=lambda: next(ticks))
        await clock.sync()
        at_first = clock.time()
        await clock.sync()
        assert clock.time() - at_first == pytest.approx(300)


async def test_it_survives_the_server(database_url: str) -> None:
    """A reading that fails leaves the clock going."""
    async with open_database(database_url) as database:
        clock = DatabaseClock(database)
        await clock.sync()
        async with database.connection() as connection:
            await connection.execute(text("ALTER ROLE CURRENT_USER SET search_path TO nowhere"))
    broken = database_url.replace(database_url.rpartition("/")[2], "no_such_database")
    async with open_database(broken) as away:
        clock._database = away
        with pytest.raises((SQLAlchemyError, OSError)):
            await clock.sync()
    assert clock.time() == pytest.approx(time.time(), abs=60)


async def test_it_is_not_asked_before_it_was_read(database_url: str) -> None:
    """Nobody takes the time of nowhere for the time."""
    async with open_database(database_url) as database:
        with pytest.raises(RuntimeError, match="not been read"):
            DatabaseClock(database).time()
