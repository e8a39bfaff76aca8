"""What goes over the wire."""

from typing import Annotated

import msgspec

Email = Annotated[str, msgspec.Meta(max_length=254, description="Trimmed and lowercased.")]
RefreshToken = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class SignUp(msgspec.Struct, forbid_unknown_fields=True):
    """A new account."""

    email: Email
    password: Annotated[str, msgspec.Meta(min_length=8, max_length=128)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """Who signs in."""

    email: Email
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class Refresh(msgspec.Struct, forbid_unknown_fields=True):
    """A refresh token to spend, or to sign out with."""

    refresh_token: RefreshToken


class CustomerView(msgspec.Struct):
    """An account as its owner sees it."""

    customer_id: str
    email: str
    name: str


class SessionView(msgspec.Struct):
    """Tokens of a session (the members of RFC 6749, section 5.1)."""

    access_token: str
    expires_in: int
    refresh_token: str
    token_type: str = "Bearer"  # noqa: S105


class JwksView(msgspec.Struct):
    """A JWK Set (RFC 7517)."""

    keys: list[dict[str, str]]
