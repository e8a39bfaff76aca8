"""The ports' contract: the same suite on the in-memory fake and on PostgreSQL."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from seawall.sql import open_database, upgrade
from services.accounts.adapters.customers_sql import CustomersSql
from services.accounts.adapters.sessions_sql import SessionsSql
from services.accounts.app import MIGRATIONS
from services.accounts.domain import Customer, EmailTaken, RefreshTokenRefused, RefreshTokenReused, Session
from unit.services.accounts.fakes import FakeCustomers, FakeSessions

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def fake():
    customers = FakeCustomers()
    return customers, FakeSessions(customers)


@pytest.fixture
async def postgresql(database_url):
    await upgrade(database_url, MIGRATIONS)
    async with open_database(database_url) as database:
        yield CustomersSql(database), SessionsSql(database)


@pytest.fixture(params=["fake", "postgresql"])
def ports(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def customers(ports):
    return ports[0]


@pytest.fixture
def sessions(ports):
    return ports[1]


def a_customer(email="ada@example.org", role="customer"):
    return Customer(str(uuid.uuid4()), email, "Ada Łovelace", role, "$argon2id$...")


@pytest.fixture
async def ada(customers):
    ada = a_customer()
    await customers.add(ada)
    return ada


@pytest.fixture
async def session(sessions, ada):
    """A session of Ada's that has the refresh token b'one'."""
    session = Session(str(uuid.uuid4()), ada.customer_id, NOW, NOW + timedelta(days=30))
    await sessions.start(session, b"one")
    return session


async def test_a_customer_is_found_by_address_and_by_id(customers, ada):
    """Everything that was stored comes back."""
    assert await customers.by_email(ada.email) == ada
    assert await customers.by_id(ada.customer_id) == ada


@pytest.mark.parametrize("customer_id", [str(uuid.uuid4()), "nobody", "", "\x00"])
async def test_an_unknown_id_finds_nobody(customers, customer_id):
    """Also what is no id at all is nobody, not an error."""
    assert await customers.by_id(customer_id) is None


async def test_an_unknown_address_finds_nobody(customers):
    """No account, no customer."""
    assert await customers.by_email("eve@example.org") is None


async def test_an_address_is_taken_once(customers, ada):
    """A second account with the address is refused, and the first stays as it is."""
    with pytest.raises(EmailTaken):
        await customers.add(a_customer(ada.email))
    assert await customers.by_email(ada.email) == ada


async def test_of_many_at_once_one_gets_the_address(customers):
    """Ten concurrent sign-ups with one address make one account."""
    attempts = [a_customer("rush@example.org") for _ in range(10)]
    outcomes = await asyncio.gather(*map(customers.add, attempts), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(EmailTaken) == 9


async def test_a_password_hash_is_replaced(customers, ada):
    """Only the hash changes."""
    await customers.set_password_hash(ada.customer_id, "$new")
    assert await customers.by_id(ada.customer_id) == Customer(
        ada.customer_id, ada.email, ada.name, ada.role, "$new"
    )


async def test_an_operator_is_stored_or_takes_over(customers, ada):
    """A new address makes an account; a known one keeps its id and name."""
    fresh = a_customer("boss@example.org", "operator")
    assert await customers.put_operator(fresh) == fresh
    promoted = await customers.put_operator(a_customer(ada.email, "operator"))
    assert (promoted.customer_id, promoted.role) == (ada.customer_id, "operator")
    assert await customers.by_email(ada.email) == promoted


async def test_a_token_is_spent_for_the_next(sessions, ada, session):
    """A chain of rotations stays good, and says whose session it is."""
    assert await sessions.rotate(b"one", b"two", LATER) == ada
    assert await sessions.rotate(b"two", b"three", LATER) == ada


async def test_a_reused_token_revokes_its_session(sessions, session):
    """The spent token is told as reused, again and again, and its successor is refused."""
    await sessions.rotate(b"one", b"two", LATER)
    for _ in range(2):
        with pytest.raises(RefreshTokenReused):
            await sessions.rotate(b"one", b"stolen", LATER)
    for refused in (b"two", b"stolen"):
        with pytest.raises(RefreshTokenRefused):
            await sessions.rotate(refused, b"four", LATER)


async def test_of_two_rotations_at_once_one_succeeds_and_the_session_ends(sessions, session):
    """Concurrent use is reuse: one caller gets a successor, which is revoked by the others."""
    attempts = [sessions.rotate(b"one", f"next-{n}".encode(), LATER) for n in range(8)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(RefreshTokenReused) == 7
    winner = next(n for n, outcome in enumerate(outcomes) if isinstance(outcome, Customer))
    with pytest.raises(RefreshTokenRefused):
        await sessions.rotate(f"next-{winner}".encode(), b"after", LATER)


async def test_an_unknown_token_is_refused(sessions, session):
    """A token that was never given is refused without touching anybody's session."""
    with pytest.raises(RefreshTokenRefused) as refused:
        await sessions.rotate(b"guess", b"two", LATER)
    assert refused.type is RefreshTokenRefused
    assert await sessions.rotate(b"one", b"two", LATER)


async def test_an_expired_session_is_refused(sessions, session):
    """At the very end of its lifetime a session is over."""
    with pytest.raises(RefreshTokenRefused):
        await sessions.rotate(b"one", b"two", session.expires_at)


async def test_a_revoked_session_is_refused(sessions, session):
    """Signing out ends the session, also with a token that was spent; unknown tokens change nothing."""
    await sessions.revoke(b"unknown", LATER)
    await sessions.rotate(b"one", b"two", LATER)
    await sessions.revoke(b"one", LATER)
    with pytest.raises(RefreshTokenRefused):
        await sessions.rotate(b"two", b"three", LATER)


async def test_all_sessions_of_one_customer_are_revoked(customers, sessions, ada, session):
    """Other customers' sessions go on."""
    eve = a_customer("eve@example.org")
    await customers.add(eve)
    await sessions.start(Session(str(uuid.uuid4()), eve.customer_id, NOW, NOW + timedelta(days=1)), b"eve")
    await sessions.revoke_all(ada.customer_id, LATER)
    with pytest.raises(RefreshTokenRefused):
        await sessions.rotate(b"one", b"two", LATER)
    assert await sessions.rotate(b"eve", b"eve-2", LATER) == eve


async def test_ended_sessions_are_forgotten_with_their_tokens(sessions, session):
    """Sessions that expired before the time go; what is left works."""
    assert await sessions.forget_ended(session.expires_at) == 0
    assert await sessions.forget_ended(session.expires_at + timedelta(seconds=1)) == 1
    with pytest.raises(RefreshTokenRefused):
        await sessions.rotate(b"one", b"two", LATER)
