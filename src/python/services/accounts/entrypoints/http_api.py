"""The HTTP API."""

from collections.abc import Callable, Mapping
from typing import Annotated

import msgspec
from aiohttp import web
from prometheus_client import Counter

from seawall.auth import Overloaded
from seawall.web import Problem, customer_id, json_response, operation, read_json
from services.accounts import use_cases
from services.accounts.domain import (
    CustomerUnknown,
    EmailTaken,
    Grant,
    InvalidField,
    RefreshTokenRefused,
    RefreshTokenReused,
    WrongCredentials,
)

ACCOUNTS: web.AppKey[use_cases.Accounts] = web.AppKey("accounts", use_cases.Accounts)

_REUSES = Counter("shop_refresh_token_reuses_total", "Refresh tokens used a second time: sessions revoked")
_WRONG = Counter("shop_wrong_credentials_total", "Sign-ins with an unknown address or a wrong password")
_NO_STORE = {"Cache-Control": "no-store"}
_JWKS_CACHE = {"Cache-Control": "public, max-age=300"}

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


routes = web.RouteTableDef()


@routes.post("/v1/customers")
@operation(summary="Sign up", body=SignUp, responses={201: CustomerView, 409: None, 422: None, 503: None})
async def sign_up(request: web.Request) -> web.Response:
    """Opens an account."""
    wanted = await read_json(request, SignUp)
    customer = await use_cases.sign_up(request.app[ACCOUNTS], wanted.email, wanted.password, wanted.name)
    return json_response(CustomerView(customer.customer_id, customer.email, customer.name), status=201)


@routes.get("/v1/customers/me")
@operation(summary="Who is signed in", responses={200: CustomerView, 401: None, 404: None})
async def show_me(request: web.Request) -> web.Response:
    """The account that the access token names."""
    customer = await use_cases.find_customer(request.app[ACCOUNTS], customer_id(request))
    return json_response(CustomerView(customer.customer_id, customer.email, customer.name), headers=_NO_STORE)


@routes.post("/v1/sessions")
@operation(summary="Sign in", body=SignIn, responses={200: SessionView, 401: None, 422: None, 503: None})
async def sign_in(request: web.Request) -> web.Response:
    """Starts a session."""
    who = await read_json(request, SignIn)
    return _granted(await use_cases.sign_in(request.app[ACCOUNTS], who.email, who.password))


@routes.post("/v1/sessions/refresh")
@operation(summary="Spend a refresh token", body=Refresh, responses={200: SessionView, 401: None, 422: None})
async def refresh(request: web.Request) -> web.Response:
    """New tokens for an old refresh token, which is good for one use."""
    body = await read_json(request, Refresh)
    return _granted(await use_cases.refresh(request.app[ACCOUNTS], body.refresh_token))


@routes.delete("/v1/sessions")
@operation(summary="Sign out", body=Refresh, responses={204: None, 422: None})
async def sign_out(request: web.Request) -> web.Response:
    """Ends the session of a refresh token."""
    body = await read_json(request, Refresh)
    await use_cases.sign_out(request.app[ACCOUNTS], body.refresh_token)
    return web.Response(status=204)


@routes.get("/.well-known/jwks.json")
@operation(summary="The keys that verify access tokens", responses={200: JwksView})
async def show_keys(request: web.Request) -> web.Response:
    """The public keys."""
    return json_response(request.app[ACCOUNTS].tokens.jwks(), headers=_JWKS_CACHE)


def _granted(grant: Grant) -> web.Response:
    view = SessionView(grant.access_token, grant.expires_in_seconds, grant.refresh_token)
    return json_response(view, headers=_NO_STORE)


def _invalid(error: Exception) -> Problem:
    assert isinstance(error, InvalidField)  # noqa: S101
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
    return _refused(_)


def _refused(_: Exception) -> Problem:
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
