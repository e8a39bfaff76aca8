"""The HTTP API."""

from aiohttp import web

from seawall.ratelimit import Charge, Rule
from seawall.ratelimit.http import enforce
from seawall.resilience import Priority
from seawall.web import customer_id, json_response, operation, read_json
from services.accounts import use_cases
from services.accounts.domain import Customer, Grant, normalise_email
from services.accounts.entrypoints.views import CustomerView, JwksView, Refresh, SessionView, SignIn, SignUp

ACCOUNTS: web.AppKey[use_cases.Accounts] = web.AppKey("accounts", use_cases.Accounts)
SIGN_IN: web.AppKey[Rule] = web.AppKey("sign_in", Rule)

_NO_STORE = {"Cache-Control": "no-store"}
_JWKS_CACHE = {"Cache-Control": "public, max-age=300"}

routes = web.RouteTableDef()


@routes.post("/v1/customers")
@operation(summary="Sign up", body=SignUp, responses={201: CustomerView, 409: None, 422: None, 503: None})
async def sign_up(request: web.Request) -> web.Response:
    """Opens an account."""
    wanted = await read_json(request, SignUp)
    customer = await use_cases.sign_up(request.app[ACCOUNTS], wanted.email, wanted.password, wanted.name)
    return json_response(_view(customer), status=201)


@routes.get("/v1/customers/me")
@operation(
    summary="Who is signed in", authenticated=True, responses={200: CustomerView, 401: None, 404: None}
)
async def show_me(request: web.Request) -> web.Response:
    """The account that the access token names."""
    customer = await use_cases.find_customer(request.app[ACCOUNTS], customer_id(request))
    return json_response(_view(customer), headers=_NO_STORE)


@routes.post("/v1/sessions")
@operation(
    summary="Sign in",
    body=SignIn,
    responses={200: SessionView, 401: None, 422: None, 429: None, 503: None},
)
async def sign_in(request: web.Request) -> web.Response:
    """Starts a session. Attempts with one address are limited, right or wrong."""
    who = await read_json(request, SignIn)
    await enforce(request, "accounts", Charge(request.app[SIGN_IN], normalise_email(who.email)))
    return _granted(await use_cases.sign_in(request.app[ACCOUNTS], who.email, who.password))


@routes.post("/v1/sessions/refresh")
@operation(
    summary="Spend a refresh token",
    priority=Priority.CRITICAL_PLUS,
    body=Refresh,
    responses={200: SessionView, 401: None, 422: None},
)
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
@operation(
    summary="The keys that verify access tokens", priority=Priority.CRITICAL_PLUS, responses={200: JwksView}
)
async def show_keys(request: web.Request) -> web.Response:
    """The public keys."""
    return json_response(request.app[ACCOUNTS].tokens.jwks(), headers=_JWKS_CACHE)


def _view(customer: Customer) -> CustomerView:
    return CustomerView(customer.customer_id, customer.email, customer.name)


def _granted(grant: Grant) -> web.Response:
    view = SessionView(grant.access_token, grant.expires_in_seconds, grant.refresh_token)
    return json_response(view, headers=_NO_STORE)
