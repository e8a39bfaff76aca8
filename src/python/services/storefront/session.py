"""Who is signed in: two cookies that scripts cannot read, renewed when the API asks for it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web

from services.storefront.api_client import ShopApi
from services.storefront.api_types import Tokens
from services.storefront.errors import ShopError, SignInNeeded

T = TypeVar("T")
TOKEN_COOKIE = "seawall_token"  # noqa: S105
REFRESH_COOKIE = "seawall_refresh"
REFRESH_COOKIE_SECONDS = 30 * 24 * 3600


class Session:
    """The tokens of one request; what changes in them is written to its response."""

    def __init__(self, token: str | None, refresh_token: str | None) -> None:
        self.token = token
        self.refresh_token = refresh_token
        self._expires_in: int | None = None
        self._is_changed = False

    @property
    def is_signed_in(self) -> bool:
        """Whether there is anything to show the API; it may still refuse it."""
        return bool(self.token or self.refresh_token)

    def start(self, tokens: Tokens) -> None:
        """Takes new tokens."""
        self.token, self.refresh_token = tokens.access_token, tokens.refresh_token
        self._expires_in, self._is_changed = tokens.expires_in, True

    def end(self) -> None:
        """Forgets the tokens."""
        self.token = self.refresh_token = None
        self._is_changed = True

    def write_to(self, response: web.StreamResponse, *, secure: bool) -> None:
        """Sets or removes the cookies if the tokens have changed."""
        if not self._is_changed:
            return
        self._write(response, TOKEN_COOKIE, self.token, self._expires_in, secure=secure)
        self._write(response, REFRESH_COOKIE, self.refresh_token, REFRESH_COOKIE_SECONDS, secure=secure)

    @staticmethod
    def _write(
        response: web.StreamResponse, name: str, value: str | None, max_age: int | None, *, secure: bool
    ) -> None:
        if value is None:
            response.del_cookie(name, path="/", httponly=True, samesite="Lax", secure=secure)
        else:
            response.set_cookie(
                name, value, max_age=max_age, path="/", httponly=True, samesite="Lax", secure=secure
            )


class Renewals:
    """Renews sessions, each refresh token once: a second use would revoke the whole session.

    Two pages loaded together carry the same token; both get the tokens of one renewal, also
    where the second comes up to `remembered_seconds` later.
    """

    def __init__(self, api: ShopApi, *, remembered_seconds: float = 30.0) -> None:
        self._api = api
        self._remembered_seconds = remembered_seconds
        self._renewals: dict[str, asyncio.Task[Tokens]] = {}

    async def renew(self, refresh_token: str) -> Tokens:
        """The new tokens. Raises what the API raises; SignInNeeded where the token is not valid."""
        renewal = self._renewals.get(refresh_token)
        if renewal is None:
            renewal = asyncio.create_task(self._api.refresh(refresh_token))
            self._renewals[refresh_token] = renewal
            renewal.add_done_callback(lambda done: self._forget_later(refresh_token, done))
        return await asyncio.shield(renewal)

    def _forget_later(self, refresh_token: str, renewal: asyncio.Task[Tokens]) -> None:
        if renewal.cancelled() or renewal.exception() is not None:
            self._renewals.pop(refresh_token, None)
        else:
            loop = renewal.get_loop()
            loop.call_later(self._remembered_seconds, self._renewals.pop, refresh_token, None)


SESSION = web.RequestKey("session", Session)
RENEWALS: web.AppKey[Renewals] = web.AppKey("renewals", Renewals)


def open_session(request: web.Request) -> Session:
    """The session that the request's cookies carry."""
    session = Session(request.cookies.get(TOKEN_COOKIE), request.cookies.get(REFRESH_COOKIE))
    request[SESSION] = session
    return session


async def as_customer(request: web.Request, ask: Callable[[str | None], Awaitable[T]]) -> T:
    """Asks with the customer's token, and once more with a renewed one. Raises SignInNeeded."""
    session = request[SESSION]
    if session.token:
        try:
            return await ask(session.token)
        except SignInNeeded:
            session.token = None
    await _renew(session, request.app[RENEWALS])
    return await ask(session.token)


async def _renew(session: Session, renewals: Renewals) -> None:
    if not session.refresh_token:
        session.end()
        raise SignInNeeded(401, "unauthorized", "Sign in first", "")
    try:
        session.start(await renewals.renew(session.refresh_token))
    except SignInNeeded:
        session.end()
        raise


async def sign_out(session: Session, api: ShopApi) -> None:
    """Forgets the session here even where the API cannot be told."""
    refresh_token = session.refresh_token
    session.end()
    if refresh_token:
        try:
            await api.sign_out(refresh_token)
        except ShopError:
            return
