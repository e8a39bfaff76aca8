"""A repeated request is done once, whatever happens in between; on a real PostgreSQL."""

import asyncio

import pytest
from sqlalchemy import text

from contract.idempotency.conftest import OTHER_URL, URL, Caller, Notes
from seawall.idempotency import Answer, KeyedRequest, once, purge_keys
from seawall.sql import open_database
from seawall.web import Problem


async def test_a_repetition_is_answered_as_the_first(caller: Caller, notes: Notes) -> None:
    """Status, body and headers; and it says that it is one."""
    first, again = await caller.send("k1"), await caller.send("k1")
    assert (first.status, await first.read()) == (again.status, await again.read())
    assert first.headers["Location"] == again.headers["Location"]
    assert [answer.headers.get("Idempotency-Replayed") for answer in (first, again)] == [None, "true"]
    assert await notes.count() == 1


async def test_without_a_key_nothing_is_done(caller: Caller, notes: Notes) -> None:
    """400 names the header."""
    answer = await caller.client.post(URL, data="one", headers={"x-customer-id": "ann"})
    problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["field"]) == (400, "Idempotency-Key")
    assert await notes.count() == 0


@pytest.mark.parametrize(("note", "url"), [("two", URL), ("one", OTHER_URL)])
async def test_the_key_of_another_request_is_refused(
    caller: Caller, notes: Notes, note: str, url: str
) -> None:
    """422, and nothing is done: another body, or another path."""
    await caller.send("k1", "one")
    answer = await caller.send("k1", note, url=url)
    problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["field"]) == (422, "Idempotency-Key")
    assert await notes.count() == 1


async def test_customers_do_not_meet(caller: Caller, notes: Notes) -> None:
    """Each has keys of his own."""
    answers = [await caller.send("k1", customer=customer) for customer in ("ann", "bob")]
    assert [answer.status for answer in answers] == [201, 201]
    assert await notes.count() == 2


async def test_while_it_is_under_way_it_is_refused(caller: Caller, notes: Notes) -> None:
    """409 with Retry-After, at once; later it is answered as the first."""
    go_on = asyncio.Event()

    async def wait() -> None:
        await go_on.wait()

    notes.meanwhile = wait
    first = asyncio.create_task(caller.send("k1"))
    await notes.started.wait()
    meanwhile = await caller.send("k1")
    go_on.set()
    assert (meanwhile.status, meanwhile.headers["Retry-After"]) == (409, "1")
    assert ((await first).status, (await caller.send("k1")).status) == (201, 201)
    assert await notes.count() == 1


async def test_of_many_at_once_one_does_it(caller: Caller, notes: Notes) -> None:
    """Each is answered as that one, or told to come back."""
    answers = await asyncio.gather(*(caller.send("k1") for _ in range(10)))
    assert {answer.status for answer in answers} <= {201, 409}
    assert await notes.count() == 1


async def test_work_that_fails_leaves_the_key_free(caller: Caller, notes: Notes) -> None:
    """The next one does it."""

    async def fail() -> None:
        raise RuntimeError("broken")

    notes.meanwhile = fail
    assert (await caller.send("k1")).status == 500
    notes.meanwhile = _nothing
    assert (await caller.send("k1")).status == 201
    assert await notes.count() == 1


async def test_a_refusal_is_decided_anew(caller: Caller, notes: Notes) -> None:
    """Nothing was done that could be repeated."""

    async def refuse() -> None:
        raise Problem(409, "sold-out", "Nothing is left")

    notes.meanwhile = refuse
    assert (await caller.send("k1")).status == 409
    notes.meanwhile = _nothing
    assert (await caller.send("k1")).status == 201


async def test_a_session_that_dies_leaves_the_key_free(
    caller: Caller, notes: Notes, database_url: str
) -> None:
    """As when a process is killed: PostgreSQL undoes the work, and gives the lock back."""

    async def die() -> None:
        async with open_database(database_url) as other, other.transaction() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND state = 'idle in transaction'"
                )
            )

    notes.meanwhile = die
    assert (await caller.send("k1")).status >= 500
    notes.meanwhile = _nothing
    assert (await caller.send("k1")).status == 201
    assert await notes.count() == 1


async def test_after_its_lifetime_a_key_is_free(caller: Caller, notes: Notes) -> None:
    """Whether or not it was purged, and for another request, too."""
    await caller.send("k1", "one")
    notes.lifetime_seconds = 0.0
    assert (await caller.send("k1", "two")).status == 201
    notes.lifetime_seconds = 3_600.0
    assert (await caller.send("k1", "two")).headers["Idempotency-Replayed"] == "true"


async def test_a_purge_forgets_the_old_alone(caller: Caller, notes: Notes) -> None:
    """In small transactions; how many went is told."""
    await caller.send("k1")
    assert await purge_keys(notes.database) == 0
    assert await purge_keys(notes.database, 0.0) == 1
    assert (await caller.send("k1")).status == 201
    assert await notes.count() == 2


async def test_an_answer_without_a_body_is_kept(notes: Notes) -> None:
    """As 204."""
    asked = KeyedRequest("ann", "k1", b"fingerprint")

    async def work() -> Answer:
        return Answer(204)

    async with notes.database.transaction() as connection:
        await once(connection, asked, work)
    async with notes.database.transaction() as connection:
        again = await once(connection, asked, work)
    assert (again.status, again.body, again.is_replayed) == (204, b"", True)


@pytest.mark.parametrize(("status", "size"), [(500, 0), (101, 0), (200, 64 * 1024 + 1)])
def test_an_answer_that_cannot_be_kept_is_refused(status: int, size: int) -> None:
    """By name and limit."""
    with pytest.raises(ValueError, match="must be"):
        Answer(status, b"." * size)


async def _nothing() -> None:
    pass
