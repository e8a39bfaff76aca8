"""redrive on a real broker and database."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import text

from contract.messaging.bench import Seen, message, running, topic
from seawall.messaging import Message, Outbox, Undecodable
from seawall.sql import open_database, upgrade
from seawall.testing import until
from services.orders.app import MIGRATIONS
from tools.redrive.cli import main
from tools.redrive.flags import STUCK_SECONDS


@pytest.fixture
def redrive(capsys):
    """Runs the tool in a thread, with a loop of its own. Returns its exit code and what it printed."""

    async def run(*arguments: str) -> tuple[int, str]:
        code = await asyncio.to_thread(main, list(arguments))
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


@pytest.fixture
async def orders(database_url):
    """The flags that name a database with the tables of orders."""
    await upgrade(database_url, MIGRATIONS)
    return "--database", f"orders={database_url}"


async def test_a_dead_letter_is_listed_replayed_once_and_handled(redrive, kafka_url, unique):
    """It comes to its topic under its id, and the list shows the others only."""
    mended = False

    def before(messages: Sequence[Message]) -> None:
        for m in messages:
            if m.id.startswith(f"{unique}-bad") and not mended:
                raise Undecodable(m, "nonsense")

    seen = Seen(before)
    bad = [f"{unique}-bad{n}" for n in range(3)]
    async with topic(kafka_url, unique, 1) as broker, broker.publisher() as publisher:
        async with running(broker.subscriber([unique], unique).run(seen)):
            await publisher.publish([message(unique, "a", i) for i in (*bad, "good")])
            await until(lambda: seen.ids == ["good"])
            _, listed = await redrive("list", "--broker", kafka_url)
            assert all(f"id={i} " in listed for i in bad)
            assert f"{unique} {unique}.dlt:0:0 id={bad[0]} key=a" in listed
            assert "nonsense" in listed
            mended = True
            await redrive("replay", "--broker", kafka_url, "--id", bad[1], "--dry-run")
            assert (await redrive("replay", "--broker", kafka_url, "--id", bad[1]))[0] == 0
            await until(lambda: seen.ids == ["good", bad[1]])
            _, listed = await redrive("list", "--broker", kafka_url)
            assert [i for i in bad if i in listed] == [bad[0], bad[2]]
            await redrive("replay", "--broker", kafka_url, "--id", bad[0], "--id", bad[2])
            await until(lambda: sorted(seen.ids[1:]) == bad)
            assert unique not in (await redrive("list", "--broker", kafka_url))[1]
    assert all(m.headers == {} for m in seen.messages)


async def test_a_parked_message_is_given_to_the_relay_again(redrive, orders, database_url):
    """A dry run says so, and does nothing."""
    async with open_database(database_url) as database:
        async with database.transaction() as connection:
            await Outbox().add(connection, [message("t", "k", "big"), message("t", "k", "small")])
            await connection.execute(text("UPDATE outbox SET parked = 'too large' WHERE message_id = 'big'"))
        assert "orders.outbox:1 id=big" in (await redrive("list", *orders))[1]
        await redrive("replay", "--all", "--dry-run", *orders)
        assert "too large" in (await redrive("list", *orders))[1]
        assert "released from the outbox of orders: 1" in (await redrive("replay", "--all", *orders))[1]
        assert (await redrive("list", *orders)) == (0, "nothing waits\n")


async def test_a_stuck_saga_is_listed_and_made_due(redrive, orders, database_url):
    """Only those that run for longer than asked for."""
    async with open_database(database_url) as database:
        async with database.transaction() as connection:
            await connection.execute(
                text("""
                INSERT INTO saga (saga_id, definition, step, state, deadline, started_at)
                SELECT 's' || n, 'checkout', 'commit', '{}', now() + interval '1 hour',
                       now() - make_interval(secs => n * :seconds)
                FROM generate_series(0, 2) AS n
                """),
                {"seconds": STUCK_SECONDS},
            )
        listed = (await redrive("sagas", *orders))[1]
        assert "s2: waits for commit" in listed
        assert "s0" not in listed
        await redrive("sagas", "--retry", "--id", "s2", *orders)
        async with database.connection() as connection:
            due = await connection.execute(text("SELECT saga_id FROM saga WHERE deadline <= now()"))
            assert due.scalars().all() == ["s2"]
        assert (await redrive("sagas", "--retry", "--id", "s0", *orders))[0] == 3


async def test_what_cannot_be_done_is_said_in_one_line(redrive, orders, tmp_path):
    """No stack, no such message, no URL."""
    for arguments, said in (
        (("list", "--data-dir", str(tmp_path)), "no stack is up"),
        (("replay", "--id", "nothing", *orders), "has the id nothing"),
        (("list", "--database", "orders"), "NAME=postgresql://"),
        (("list", "--broker", "amqp://x"), "kafka://"),
    ):
        code, printed = await redrive(*arguments)
        assert (code, said in printed, printed.count("\n")) == (3, True, 1), printed
