"""What the use cases need from outside."""

from datetime import datetime
from typing import Protocol

from services.accounts.domain import Customer, Session


class Customers(Protocol):
    """The accounts. E-mail addresses come normalised."""

    async def add(self, customer: Customer) -> None:
        """Stores a new account. Errors: EmailTaken, also where two try at once."""

    async def put_operator(self, operator: Customer) -> Customer:
        """Stores the account, or gives the one with its e-mail address its role and password."""

    async def by_email(self, email: str) -> Customer | None:
        """The account with this address, if there is one."""

    async def by_id(self, customer_id: str) -> Customer | None:
        """The account with this id, if there is one; None also for text that is no id."""

    async def set_password_hash(self, customer_id: str, password_hash: str) -> None:
        """Replaces the stored hash."""


class Sessions(Protocol):
    """The sessions, each with its refresh tokens. Tokens are known by their digest only."""

    async def start(self, session: Session, token_digest: bytes) -> None:
        """Stores a session with its first refresh token."""

    async def rotate(self, old_digest: bytes, new_digest: bytes, now: datetime) -> Customer:
        """Spends a refresh token for the next one of its session, and returns whose it is.

        Of several rotations of one token at most one succeeds. Errors: RefreshTokenReused for a
        token that was spent before (its session is then revoked), RefreshTokenRefused otherwise.
        """

    async def revoke(self, token_digest: bytes, now: datetime) -> None:
        """Ends the session of a refresh token, spent or not. An unknown token changes nothing."""

    async def revoke_all(self, customer_id: str, now: datetime) -> None:
        """Ends all sessions of a customer."""

    async def forget_ended(self, before: datetime) -> int:
        """Deletes sessions that expired before a time, and returns how many."""


class Passwords(Protocol):
    """Slow password hashing. Each call may raise the adapter's overload error."""

    async def hash(self, password: str) -> str:
        """A new salted hash."""

    async def verify(self, encoded_hash: str | None, password: str) -> bool:
        """Whether the password is right; without a hash False, after the same work."""

    def needs_rehash(self, encoded_hash: str) -> bool:
        """Whether the hash was made with outdated parameters."""


class AccessTokens(Protocol):
    """Signed access tokens."""

    @property
    def ttl_seconds(self) -> int:
        """How long a token is valid."""

    def issue(self, subject: str, role: str) -> str:
        """A token for a customer id."""

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys that verify the tokens (RFC 7517)."""
