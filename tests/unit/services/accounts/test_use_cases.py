from datetime import UTC, datetime, timedelta

import pytest

from services.accounts import use_cases
from services.accounts.domain import (
    SESSION_LIFETIME,
    CustomerUnknown,
    EmailTaken,
    InvalidField,
    RefreshTokenRefused,
    RefreshTokenReused,
    WrongCredentials,
)
from unit.services.accounts.fakes import FakeCustomers, FakePasswords, FakeSessions, FakeTokens

PASSWORD = "correct horse"


class Clock:
    now = datetime(2026, 11, 24, tzinfo=UTC)

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def accounts(clock):
    customers = FakeCustomers()
    return use_cases.Accounts(customers, FakeSessions(customers), FakePasswords(), FakeTokens(), clock)


@pytest.fixture
async def ada(accounts):
    return await use_cases.sign_up(accounts, " Ada@Example.org", PASSWORD, "Ada")


async def test_who_signed_up_can_sign_in(accounts, ada):
    """The address is compared in its normal form, and the grant is for that customer."""
    grant = await use_cases.sign_in(accounts, "ADA@example.org ", PASSWORD)
    assert grant.access_token == f"customer {ada.customer_id}"
    assert grant.expires_in_seconds == 900


async def test_one_address_has_one_account(accounts, ada):
    """A second sign-up in other letters is refused."""
    with pytest.raises(EmailTaken):
        await use_cases.sign_up(accounts, "ada@EXAMPLE.org", "another password", "Eve")


@pytest.mark.parametrize(("email", "password"), [("ada@example.org", "wrong"), ("eve@example.org", PASSWORD)])
async def test_a_wrong_password_and_an_unknown_address_are_alike(accounts, ada, email, password):
    """Both are refused in the same way, after one verification each."""
    with pytest.raises(WrongCredentials):
        await use_cases.sign_in(accounts, email, password)
    assert accounts.passwords.verifications == 1


async def test_an_outdated_hash_is_replaced_at_sign_in(accounts, ada):
    """With stronger parameters in use, a sign-in stores a new hash of the same password."""
    accounts.passwords.parameters = 2
    await use_cases.sign_in(accounts, ada.email, PASSWORD)
    assert (await accounts.customers.by_email(ada.email)).password_hash == f"2:{PASSWORD}"


async def test_a_refresh_token_is_good_once(accounts, ada):
    """A refresh gives a new token; the old one is refused and ends the session, new token included."""
    first = await use_cases.sign_in(accounts, ada.email, PASSWORD)
    second = await use_cases.refresh(accounts, first.refresh_token)
    assert second.access_token == first.access_token
    with pytest.raises(RefreshTokenReused):
        await use_cases.refresh(accounts, first.refresh_token)
    with pytest.raises(RefreshTokenRefused):
        await use_cases.refresh(accounts, second.refresh_token)


async def test_a_stolen_token_ends_only_its_own_session(accounts, ada):
    """Another session of the same customer goes on."""
    stolen = await use_cases.sign_in(accounts, ada.email, PASSWORD)
    other = await use_cases.sign_in(accounts, ada.email, PASSWORD)
    await use_cases.refresh(accounts, stolen.refresh_token)
    with pytest.raises(RefreshTokenReused):
        await use_cases.refresh(accounts, stolen.refresh_token)
    assert await use_cases.refresh(accounts, other.refresh_token)


async def test_a_session_ends_after_its_lifetime(accounts, ada, clock):
    """Rotation does not prolong a session."""
    grant = await use_cases.sign_in(accounts, ada.email, PASSWORD)
    clock.now += SESSION_LIFETIME - timedelta(seconds=1)
    grant = await use_cases.refresh(accounts, grant.refresh_token)
    clock.now += timedelta(seconds=1)
    with pytest.raises(RefreshTokenRefused):
        await use_cases.refresh(accounts, grant.refresh_token)


async def test_signing_out_ends_the_session(accounts, ada):
    """After sign-out the token is refused, and signing out again is no error."""
    grant = await use_cases.sign_in(accounts, ada.email, PASSWORD)
    await use_cases.sign_out(accounts, grant.refresh_token)
    await use_cases.sign_out(accounts, grant.refresh_token)
    with pytest.raises(RefreshTokenRefused):
        await use_cases.refresh(accounts, grant.refresh_token)


async def test_an_expired_session_is_forgotten(accounts, ada, clock):
    """Only sessions past their lifetime are deleted."""
    await use_cases.sign_in(accounts, ada.email, PASSWORD)
    assert await use_cases.forget_ended_sessions(accounts) == 0
    clock.now += SESSION_LIFETIME + timedelta(seconds=1)
    assert await use_cases.forget_ended_sessions(accounts) == 1


async def test_an_unknown_id_is_told(accounts):
    """Nobody is found by an id that was never given."""
    with pytest.raises(CustomerUnknown):
        await use_cases.find_customer(accounts, "nobody")


async def test_the_operator_is_made_once(accounts):
    """A second start with the same settings changes nothing."""
    first = await use_cases.ensure_operator(accounts, "Boss@shop.example", "operator password")
    again = await use_cases.ensure_operator(accounts, "boss@shop.example", "operator password")
    assert first == again
    assert first.role == "operator"


async def test_a_new_operator_password_ends_the_operators_sessions(accounts):
    """After a change of the setting, the old password and the old sessions are worth nothing."""
    await use_cases.ensure_operator(accounts, "boss@shop.example", "old password")
    grant = await use_cases.sign_in(accounts, "boss@shop.example", "old password")
    await use_cases.ensure_operator(accounts, "boss@shop.example", "new password")
    with pytest.raises(RefreshTokenRefused):
        await use_cases.refresh(accounts, grant.refresh_token)
    with pytest.raises(WrongCredentials):
        await use_cases.sign_in(accounts, "boss@shop.example", "old password")
    assert await use_cases.sign_in(accounts, "boss@shop.example", "new password")


async def test_an_account_that_took_the_operators_address_is_taken_over(accounts, ada):
    """The settings win: the account becomes the operator's, under the operator's password only."""
    grant = await use_cases.sign_in(accounts, ada.email, PASSWORD)
    operator = await use_cases.ensure_operator(accounts, ada.email, PASSWORD)
    assert (operator.customer_id, operator.role) == (ada.customer_id, "operator")
    with pytest.raises(RefreshTokenRefused):
        await use_cases.refresh(accounts, grant.refresh_token)


async def test_a_bad_address_is_named(accounts):
    """Signing up with what is no address names the field."""
    with pytest.raises(InvalidField, match="email"):
        await use_cases.sign_up(accounts, "ada", PASSWORD, "Ada")
