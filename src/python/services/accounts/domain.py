"""Customers, their sessions, and what is refused."""

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Role = Literal["customer", "operator"]

SESSION_LIFETIME = timedelta(days=30)
"""From sign-in, however often the refresh token is rotated."""

MAX_EMAIL_CHARACTERS = 254
MAX_NAME_CHARACTERS = 80

_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# What a browser accepts in <input type=email> (WHATWG HTML, "valid e-mail address"), after lowercasing.
_EMAIL = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")


class AccountsError(Exception):
    """Whatever this service refuses."""


class InvalidField(AccountsError):
    """A value breaks a rule: `field` names it, `limit` says the rule."""

    def __init__(self, field_name: str, limit: str) -> None:
        super().__init__(f"{field_name}: {limit}")
        self.field = field_name
        self.limit = limit


class EmailTaken(AccountsError):
    """Somebody has an account with this e-mail address."""


class WrongCredentials(AccountsError):
    """No account has this e-mail address and password. Which of the two is wrong stays untold."""


class CustomerUnknown(AccountsError):
    """Nobody has this customer id."""


class RefreshTokenRefused(AccountsError):
    """The refresh token is unknown, expired or revoked: sign in again."""


class RefreshTokenReused(RefreshTokenRefused):
    """The refresh token was used before, so somebody has a copy: its session is revoked."""


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody with an account; an operator is one who may also open sales."""

    customer_id: str
    email: str
    name: str
    role: Role
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """What a sign-in starts: a family of refresh tokens of which only the newest is good."""

    session_id: str
    customer_id: str
    started_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """What a client gets at sign-in and at each refresh."""

    access_token: str
    expires_in_seconds: int
    refresh_token: str


def normalise_email(text: str) -> str:
    """The address trimmed and in lower case. Errors: InvalidField."""
    email = text.strip().lower()
    if len(email) > MAX_EMAIL_CHARACTERS or not _EMAIL.fullmatch(email):
        raise InvalidField("email", f"an e-mail address of at most {MAX_EMAIL_CHARACTERS} characters")
    return email


def normalise_name(text: str) -> str:
    """The name trimmed and in Unicode's composed form (NFC). Errors: InvalidField."""
    name = unicodedata.normalize("NFC", text).strip()
    printable = all(character.isprintable() for character in name)
    if not printable or not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise InvalidField("name", f"1 to {MAX_NAME_CHARACTERS} printable characters")
    return name


def new_refresh_token() -> str:
    """256 random bits, as base64url text."""
    return secrets.token_urlsafe(32)


def refresh_token_digest(token: str) -> bytes:
    """What is stored of a refresh token: its SHA-256. Its randomness needs no slow hash."""
    return hashlib.sha256(token.encode()).digest()
