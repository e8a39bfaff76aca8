"""Limits of customers and addresses, by a real Envoy, our rate limit service and a real Valkey."""

import asyncio
import contextlib

import pytest

from seawall.testing import Cable, Fault, free_port
from seawall.valkey import open_valkey
from services.gateway.rate_limits import serve_rate_limits
from services.gateway.route_file import parse_routes
from services.gateway.settings import GatewaySettings

ROUTES = """\
services: {accounts: {}, orders: {}}
rate_limits:
  few: {limit: 3, period_seconds: 3600, by: customer}
  many: {limit: 100, period_seconds: 3600, by: customer}
  here: {limit: 2, period_seconds: 3600, by: address}
routes:
  - {name: limited, path: /v1/orders/few, service: orders, token: required, rate_limits: [few, many]}
  - {name: unlimited, prefix: /v1/orders, service: orders, token: required}
  - {name: keys, path: /.well-known/jwks.json, service: accounts}
  - {name: sessions, prefix: /v1/sessions, service: accounts, rate_limits: [here]}
"""


@pytest.fixture
async def fresh_valkey(valkey_url):
    """Without the counts of an earlier test."""
    async with open_valkey(valkey_url) as valkey:
        await valkey.execute("FLUSHALL")
    return valkey_url


@pytest.fixture
def limited(start_gateway, tmp_path):
    """Starts an edge with the limits, counted in the Valkey at a URL, or in the process without one."""

    @contextlib.asynccontextmanager
    async def start(valkey_url=None):
        routes = parse_routes(ROUTES)
        settings = GatewaySettings(xds_dir=tmp_path, valkey_url=valkey_url)
        async with (
            serve_rate_limits(settings, routes) as port,
            start_gateway(routes=routes, rate_limit_port=port) as running,
        ):
            yield running

    return start


async def ask(gateway, path="/v1/orders/few", token=None):
    async with gateway.request("GET", path, token=token) as response:
        return response.status


async def test_who_asks_too_often_is_told_when_to_come_back(limited):
    """As a problem that names the limit; the service hears nothing of it."""
    async with limited() as gateway:
        token = gateway.tokens.customer()
        assert [await ask(gateway, token=token) for _ in range(3)] == [200] * 3
        heard = gateway.upstreams["orders"].requests
        async with gateway.request("GET", "/v1/orders/few", token=token) as response:
            problem = await response.json(content_type="application/problem+json")
        assert response.status == 429
        assert problem["type"].endswith("quota-exceeded")
        assert problem["violated-policies"] == ["few"]
        assert 0 < int(response.headers["Retry-After"]) <= 1200
        assert '"few";q=3;w=3600' in response.headers["RateLimit-Policy"]
        assert response.headers["x-request-id"]
        assert gateway.upstreams["orders"].requests == heard


async def test_who_is_let_through_is_told_what_is_left(limited):
    """By the same fields as a service of ours tells it."""
    async with limited() as gateway:
        async with gateway.request("GET", "/v1/orders/few", token=gateway.tokens.customer()) as response:
            assert '"few";r=2' in response.headers["RateLimit"]


async def test_one_customer_does_not_use_up_anothers_limit(limited):
    """Nor the limits of other routes."""
    async with limited() as gateway:
        first, second = gateway.tokens.customer("first"), gateway.tokens.customer("second")
        assert [await ask(gateway, token=first) for _ in range(4)] == [200] * 3 + [429]
        assert await ask(gateway, token=second) == 200
        assert await ask(gateway, "/v1/orders/other", token=first) == 200


async def test_an_address_cannot_be_chosen_by_the_caller(limited):
    """Whatever it says in X-Forwarded-For, it is counted as where it connects from."""
    async with limited() as gateway:
        statuses = []
        for number in range(3):
            forged = {"X-Forwarded-For": f"10.0.0.{number}"}
            async with gateway.request("GET", "/v1/sessions", headers=forged) as response:
                statuses.append(response.status)
        assert statuses == [200, 200, 429]


async def test_a_request_without_a_valid_token_is_not_counted(limited):
    """It is refused before."""
    async with limited() as gateway:
        for _ in range(5):
            assert await ask(gateway, token="forged") == 401
        assert await ask(gateway, token=gateway.tokens.customer()) == 200


async def test_replicas_count_together(limited, fresh_valkey):
    """A crowd of requests to two edges gets what one limit gives."""
    async with limited(fresh_valkey) as first, limited(fresh_valkey) as second:
        own, same = first.tokens.customer("c"), second.tokens.customer("c")
        answers = await asyncio.gather(
            *(ask(first, token=own) for _ in range(10)), *(ask(second, token=same) for _ in range(10))
        )
    assert sorted(answers) == [200] * 3 + [429] * 17


async def test_without_valkey_each_replica_counts_by_itself(limited, fresh_valkey):
    """Requests go on, and are limited all the same."""
    host, port = fresh_valkey.split("//")[1].split("/")[0].rsplit(":", 1)
    async with Cable(host, int(port)) as cable, limited(f"redis://127.0.0.1:{cable.port}") as gateway:
        token = gateway.tokens.customer()
        async with cable.broken(Fault.DROPPING):
            answers = [await ask(gateway, token=token) for _ in range(10)]
    assert answers == [200] * 3 + [429] * 7


async def test_without_the_rate_limit_service_requests_go_on(start_gateway):
    """Uncounted: an edge that lets nobody in would be worse."""
    async with start_gateway(routes=parse_routes(ROUTES), rate_limit_port=free_port()) as gateway:
        token = gateway.tokens.customer()
        assert [await ask(gateway, token=token) for _ in range(10)] == [200] * 10


async def test_a_limit_of_all_routes_is_served_only_where_there_is_one(tmp_path):
    """No limits: no service, and nothing for Envoy to ask."""
    routes = parse_routes("services: {a: {}}\nroutes: [{name: a, prefix: /a, service: a}]\n")
    async with serve_rate_limits(GatewaySettings(xds_dir=tmp_path), routes) as port:
        assert port is None
