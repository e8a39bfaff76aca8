"""Limits of an HTTP API, as its client sees them."""

from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from seawall.ratelimit import Charge, DecidedBy, Decision, MemoryRateLimiter, Rule, Verdict
from seawall.ratelimit.http import RATE_LIMITER, enforce, limited, tell_rate_limits
from seawall.ratelimit.http_fields import http_fields
from seawall.settings import ServiceSettings
from seawall.web import Problem, customer_id, operation, web_service

SEARCH = Rule("search", limit=2, period_seconds=60)
EXPORT = Rule("export", limit=1, period_seconds=3600)
SIGN_IN = Rule("sign-in", limit=2, period_seconds=60, fail_closed=True)


@limited("shop", lambda request: [Charge(SEARCH, customer_id(request))])
@operation(summary="Search", responses={200: None, 429: None})
async def search(_request: web.Request) -> web.Response:
    return web.Response()


async def export(request: web.Request) -> web.Response:
    units = int(request.query["units"])
    await enforce(request, "shop", Charge(SEARCH, "ann"), Charge(EXPORT, "ann", units))
    raise Problem(409, "nothing-to-export", "There is nothing to export")


class AlwaysClosed:
    """Decides as where the shared count cannot be reached."""

    async def take(self, _tenant, charges):
        verdicts = [Verdict(charge.rule, False, 0, 1.0, 1.0) for charge in charges]
        return Decision(tuple(verdicts), DecidedBy.NOBODY)


@asynccontextmanager
async def client(limiter=None):
    routes = [web.get("/search", search), web.get("/export", export)]
    app = web_service(ServiceSettings(), name="test", routes=routes)
    tell_rate_limits(app)
    app[RATE_LIMITER] = limiter or MemoryRateLimiter(clock=lambda: 1000.0)
    async with TestClient(TestServer(app)) as client:
        yield client


async def searched(http, customer="ann"):
    return await http.get("/search", headers={"x-customer-id": customer})


async def test_what_is_left_is_told_with_every_answer() -> None:
    """The policy and how it stands, in whole seconds rounded up."""
    async with client() as http:
        answer = await searched(http)
    assert answer.headers["RateLimit-Policy"] == '"search";q=2;w=60'
    assert answer.headers["RateLimit"] == '"search";r=1;t=30'
    assert "Retry-After" not in answer.headers


async def test_who_is_over_a_limit_is_told_which_and_until_when() -> None:
    """429 with the registered problem type, the violated policies, and Retry-After; others go on."""
    async with client() as http:
        for _ in range(2):
            assert (await searched(http)).status == 200
        answer = await searched(http)
        problem = await answer.json(content_type="application/problem+json")
        assert (await searched(http, "bob")).status == 200
    assert (answer.status, answer.headers["Retry-After"]) == (429, "30")
    assert answer.headers["RateLimit"] == '"search";r=0;t=60'
    assert problem["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
    assert problem["violated-policies"] == ["search"]


async def test_errors_tell_what_is_left_too() -> None:
    """A request that was counted says so, whatever comes of it."""
    async with client() as http:
        answer = await http.get("/export?units=1")
    assert answer.status == 409
    assert answer.headers["RateLimit-Policy"] == '"search";q=2;w=60, "export";q=1;w=3600'
    assert answer.headers["RateLimit"] == '"search";r=1;t=30, "export";r=0;t=3600'


async def test_what_is_never_allowed_has_no_time_to_come_back() -> None:
    """More than the capacity: 429 without Retry-After."""
    async with client() as http:
        answer = await http.get("/export?units=2")
    assert answer.status == 429
    assert "Retry-After" not in answer.headers


async def test_a_handler_without_its_subject_is_refused_as_ever() -> None:
    """Nobody is counted before it is known who asks."""
    async with client() as http:
        answer = await http.get("/search")
    assert answer.status == 401
    assert "RateLimit" not in answer.headers


async def test_where_nothing_could_be_counted_the_fault_is_ours() -> None:
    """503 with Retry-After, and no word about a limit that was not read."""
    async with client(AlwaysClosed()) as http:
        answer = await searched(http)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert "RateLimit" not in answer.headers


async def test_a_limited_handler_keeps_its_description() -> None:
    """The decorator leaves /openapi.json as it was."""
    async with client() as http:
        document = await (await http.get("/openapi.json")).json()
    assert document["paths"]["/search"]["get"]["summary"] == "Search"


@pytest.mark.parametrize("charges", [[]])
def test_no_rules_are_no_fields(charges) -> None:
    """A request that nothing limits says nothing."""
    assert http_fields(MemoryRateLimiter().take_now("shop", charges)) == {}
