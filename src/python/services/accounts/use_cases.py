"""What can be done with accounts, one function per verb."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from services.accounts.domain import (
    SESSION_LIFETIME,
    Customer,
    CustomerUnknown,
    Grant,
    RefreshTokenReused,
    Session,
    WrongCredentials,
    new_refresh_token,
    normalise_email,
    normalise_name,
    refresh_token_digest,
)
from services.accounts.ports import AccessTokens, Customers, Passwords, Sessions

logger = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Everything the use cases work with."""

    customers: Customers
    sessions: Sessions
    passwords: Passwords
    tokens: AccessTokens
    clock: Callable[[], datetime] = _now


async def sign_up(accounts: Accounts, email: str, password: str, name: str) -> Customer:
    """Opens an account. Errors: InvalidField, EmailTaken."""
    customer = Customer(
        customer_id=str(uuid.uuid4()),
        email=normalise_email(email),
        name=normalise_name(name),
        role="customer",
        password_hash=await accounts.passwords.hash(password),
    )
    await accounts.customers.add(customer)
    return customer


async def sign_in(accounts: Accounts, email: str, password: str) -> Grant:
    """Starts a session. Errors: InvalidField, WrongCredentials after the same time for either mistake."""
    customer = await accounts.customers.by_email(normalise_email(email))
    stored = customer.password_hash if customer else None
    if not await accounts.passwords.verify(stored, password) or customer is None:
        raise WrongCredentials
    if accounts.passwords.needs_rehash(customer.password_hash):
        await accounts.customers.set_password_hash(
            customer.customer_id, await accounts.passwords.hash(password)
        )
    return await _start_session(accounts, customer)


async def refresh(accounts: Accounts, refresh_token: str) -> Grant:
    """Spends a refresh token. Errors: RefreshTokenReused (the session is revoked), RefreshTokenRefused."""
    successor = new_refresh_token()
    try:
        customer = await accounts.sessions.rotate(
            refresh_token_digest(refresh_token), refresh_token_digest(successor), accounts.clock()
        )
    except RefreshTokenReused:
        logger.warning("a refresh token was used twice: its session is revoked")
        raise
    return _grant(accounts, customer, successor)


async def sign_out(accounts: Accounts, refresh_token: str) -> None:
    """Ends the session. An unknown token is no error, so that signing out can be repeated."""
    await accounts.sessions.revoke(refresh_token_digest(refresh_token), accounts.clock())


async def find_customer(accounts: Accounts, customer_id: str) -> Customer:
    """The account with this id. Errors: CustomerUnknown."""
    customer = await accounts.customers.by_id(customer_id)
    if customer is None:
        raise CustomerUnknown
    return customer


async def ensure_operator(accounts: Accounts, email: str, password: str) -> Customer:
    """Makes the account that the settings name: an operator with exactly this password.

    Where the password was another one, its sessions end. Errors: InvalidField.
    """
    existing = await accounts.customers.by_email(normalise_email(email))
    stored = existing.password_hash if existing and existing.role == "operator" else None
    if existing and await accounts.passwords.verify(stored, password):
        return existing
    wanted = Customer(
        customer_id=str(uuid.uuid4()),
        email=normalise_email(email),
        name="Operator",
        role="operator",
        password_hash=await accounts.passwords.hash(password),
    )
    operator = await accounts.customers.put_operator(wanted)
    await accounts.sessions.revoke_all(operator.customer_id, accounts.clock())
    return operator


async def forget_ended_sessions(accounts: Accounts) -> int:
    """Deletes the sessions that have expired, with all their tokens, and returns how many."""
    return await accounts.sessions.forget_ended(accounts.clock())


async def _start_session(accounts: Accounts, customer: Customer) -> Grant:
    refresh_token = new_refresh_token()
    now = accounts.clock()
    session = Session(str(uuid.uuid4()), customer.customer_id, now, now + SESSION_LIFETIME)
    await accounts.sessions.start(session, refresh_token_digest(refresh_token))
    return _grant(accounts, customer, refresh_token)


def _grant(accounts: Accounts, customer: Customer, refresh_token: str) -> Grant:
    return Grant(
        access_token=accounts.tokens.issue(customer.customer_id, customer.role),
        expires_in_seconds=accounts.tokens.ttl_seconds,
        refresh_token=refresh_token,
    )
