"""The saga log on a real PostgreSQL: each edge made to happen."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from contract.saga.book import checkout, sagas, sent
from seawall.saga import Expired, SagaLog
from seawall.saga.log import ALARM_ATTEMPTS
from seawall.sql import Database


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with sagas(database_url) as opened:
        yield opened


async def start(database: Database, saga: SagaLog, *ids: str) -> list[str]:
    async with database.transaction() as connection:
        return sent(await saga.start(connection, [(i, {"order_id": i}) for i in ids]))


async def succeed(database: Database, saga: SagaLog, step: str, *ids: str) -> tuple[list[str], list[str]]:
    async with database.transaction() as connection:
        advance = await saga.succeeded(connection, step, list(ids))
    return sorted(advance.moved), sorted(sent(advance.messages))


async def fail(database: Database, saga: SagaLog, step: str, *ids: str) -> tuple[list[str], list[str]]:
    async with database.transaction() as connection:
        advance = await saga.failed(connection, step, dict.fromkeys(ids, "refused"))
    return sorted(advance.moved), sent(advance.messages)


async def expire(database: Database, saga: SagaLog) -> Expired:
    async with database.transaction() as connection:
        return await saga.expire(connection)


async def status(database: Database, saga_id: str) -> tuple[str, str, str | None]:
    async with database.connection() as connection:
        row = (
            await connection.execute(
                text("SELECT step, status, reason FROM saga WHERE saga_id = :id"), {"id": saga_id}
            )
        ).one()
    return row.step, row.status, row.reason


async def test_a_batch_goes_through_all_steps(database: Database) -> None:
    """Each reply moves its sagas and brings the next command."""
    saga = checkout()
    assert await start(database, saga, "a", "b") == ["reserve a", "reserve b"]
    assert await succeed(database, saga, "reserve", "a", "b") == (["a", "b"], ["charge a", "charge b"])
    assert await succeed(database, saga, "charge", "a", "b") == (["a", "b"], ["commit a", "commit b"])
    assert await succeed(database, saga, "commit", "a", "b") == (["a", "b"], [])
    assert await status(database, "a") == ("commit", "done", None)


async def test_commands_have_ids_that_repeat(database: Database) -> None:
    """The same step of the same saga is the same message, whoever sends it."""
    saga = checkout()
    async with database.transaction() as connection:
        (first,) = await saga.start(connection, [("a", {"order_id": "a"})])
        (second,) = (await saga.succeeded(connection, "reserve", ["a"])).messages
    assert (first.id, second.id) == ("a:reserve", "a:charge")


async def test_a_batch_is_undone_with_a_reason(database: Database) -> None:
    """A refusal is kept as it came, a time-out by its step; both stay while the saga goes on undoing."""
    saga = checkout(charge_timeout=0)
    await start(database, saga, "a", "b", "c")
    await succeed(database, saga, "reserve", "a", "b", "c")
    assert await fail(database, saga, "charge", "a", "unknown") == (["a"], ["release a"])
    expired = await expire(database, saga)
    assert expired.ids_with_step == {"b": "charge", "c": "charge"}
    assert sorted(sent(expired.messages)) == ["void b", "void c"]
    async with database.transaction() as connection:
        advance = await saga.compensated(connection, "charge", ["b", "c", "a"])
        await saga.compensated(connection, "reserve", ["a", "b", "c"])
    assert sorted(sent(advance.messages)) == ["release b", "release c"]
    assert await status(database, "a") == ("reserve", "compensated", "refused")
    assert await status(database, "b") == ("reserve", "compensated", "charge_timeout")


async def test_a_compensation_that_is_never_answered_raises_an_alarm(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """It is sent again for ever; each repetition is counted, and told as an error from the third on."""
    saga = checkout(charge_timeout=0)
    await start(database, saga, "a")
    await succeed(database, saga, "reserve", "a")
    await expire(database, saga)
    before = repetitions()
    for repetition in range(1, ALARM_ATTEMPTS + 2):
        assert [m.id for m in (await expire(database, saga)).messages] == [
            f"a:charge:compensate:again{repetition}"
        ]
    await saga.measure(database, stuck_seconds=0)
    assert repetitions() - before == ALARM_ATTEMPTS + 1
    assert (gauge("seawall_sagas_compensating"), gauge("seawall_sagas_stuck")) == (1, 1)
    alarms = [r for r in caplog.records if "sent again for ever" in r.getMessage()]
    assert len(alarms) == 2


def repetitions() -> float:
    labels = {"definition": "checkout", "step": "charge"}
    return REGISTRY.get_sample_value("seawall_saga_compensations_repeated_total", labels) or 0.0


async def test_time_outs_are_the_databases(database: Database) -> None:
    """They are kept with the saga: another replica, whose settings differ, sees the same."""
    hasty, patient = checkout(reserve_timeout=0), checkout()
    await start(database, hasty, "due")
    await start(database, patient, "waits")
    assert (await expire(database, patient)).ids_with_step == {"due": "reserve"}


async def test_replicas_that_expire_at_once_share_the_work(database: Database) -> None:
    """No saga is given up twice."""
    saga = checkout(reserve_timeout=0)
    await start(database, saga, *(f"s{n}" for n in range(50)))
    found = await asyncio.gather(*(expire(database, saga) for _ in range(4)))
    assert sorted(i for e in found for i in e.ids_with_step) == sorted(f"s{n}" for n in range(50))


async def test_a_reply_and_a_time_out_at_the_same_moment_exclude_each_other(database: Database) -> None:
    """Of the two exactly one moves the saga."""
    saga = checkout(reserve_timeout=0)
    for n in range(20):
        await start(database, saga, f"s{n}")
        (moved, _), expired = await asyncio.gather(
            succeed(database, saga, "reserve", f"s{n}"), expire(database, saga)
        )
        late = (await expire(database, checkout())).ids_with_step
        assert bool(moved) + (f"s{n}" in expired.ids_with_step) == 1, (moved, expired, late)


async def test_a_move_that_rolls_back_leaves_the_saga_where_it_was(database: Database) -> None:
    """An orchestrator that dies before its commit has done nothing; another one goes on."""
    saga = checkout()
    await start(database, saga, "a")
    with pytest.raises(KeyError):
        async with database.transaction() as connection:
            await saga.succeeded(connection, "reserve", ["a"])
            raise KeyError
    assert await succeed(database, saga, "reserve", "a") == (["a"], ["charge a"])


async def test_only_ended_sagas_are_purged(database: Database) -> None:
    """A running saga is never forgotten."""
    saga = checkout()
    await start(database, saga, "a", "b")
    await fail(database, saga, "reserve", "a")
    assert await saga.purge(database, 3600) == 0
    assert await saga.purge(database, 0) == 1
    assert (await status(database, "b"))[1] == "running"


async def test_a_saga_that_does_not_end_is_seen(database: Database) -> None:
    """Running, stuck and the age of the oldest are gauges; what has ended is not counted."""
    saga = checkout()
    await start(database, saga, "a", "b", "old")
    await fail(database, saga, "reserve", "a")
    async with database.transaction() as connection:
        await connection.execute(
            text("UPDATE saga SET started_at = now() - interval '1 hour' WHERE saga_id = 'old'")
        )
    await saga.measure(database, stuck_seconds=600)
    assert gauge("seawall_sagas_running") == 2
    assert gauge("seawall_sagas_stuck") == 1
    assert gauge("seawall_saga_oldest_seconds") >= 3600


def gauge(name: str) -> float:
    return REGISTRY.get_sample_value(name, {"definition": "checkout"}) or 0.0
