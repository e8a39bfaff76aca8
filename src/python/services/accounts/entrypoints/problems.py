"""What is refused, as problem+json."""

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import Counter

from seawall.auth import Overloaded
from seawall.web import Problem
from services.accounts.domain import (
    CustomerUnknown,
    EmailTaken,
    InvalidField,
    RefreshTokenRefused,
    RefreshTokenReused,
    WrongCredentials,
)

_REUSES = Counter("shop_refresh_token_reuses_total", "Refresh tokens used a second time: sessions revoked")
_WRONG = Counter("shop_wrong_credentials_total", "Sign-ins with an unknown address or a wrong password")


def _invalid(error: Any) -> Problem:
    return Problem(
        422,
        "invalid-field",
        "A field breaks its rule",
        str(error),
        extra={"field": error.field, "limit": error.limit},
    )


def _wrong_credentials(_: Exception) -> Problem:
    _WRONG.inc()
    return Problem(401, "wrong-credentials", "E-mail address or password is wrong")


def _reused(_: Exception) -> Problem:
    _REUSES.inc()
    return _refused()


def _refused(_: Exception | None = None) -> Problem:
    return Problem(
        401, "refresh-token-refused", "Sign in again", "The refresh token is unknown, expired or revoked."
    )


PROBLEMS: Mapping[type[Exception], Callable[[Exception], Problem]] = {
    InvalidField: _invalid,
    EmailTaken: lambda _: Problem(409, "email-taken", "This e-mail address has an account"),
    WrongCredentials: _wrong_credentials,
    RefreshTokenReused: _reused,
    RefreshTokenRefused: _refused,
    CustomerUnknown: lambda _: Problem(404, "customer-unknown", "There is no such customer"),
    Overloaded: lambda _: Problem(
        503, "overloaded", "Too many sign-ins at once", headers={"Retry-After": "1"}
    ),
}
