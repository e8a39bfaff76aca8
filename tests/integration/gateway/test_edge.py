"""What the edge does to requests and answers, by a real Envoy."""

import asyncio
import os
import signal
import uuid

import pytest
from msgspec.structs import replace

from integration.gateway.upstreams import Upstream, running_upstream
from seawall.testing import until
from services.gateway.route_file import PACKAGED_ROUTES, load_routes
from services.gateway.route_table import ServiceLimits


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/", "storefront"),
        ("/sales/last-chance", "storefront"),
        ("/v1/products/SKU-1", "catalog"),
        ("/v1/sales/last-chance", "catalog"),
        ("/v1/sales/last-chance/stock", "inventory"),
        ("/v1/sessions", "accounts"),
        ("/v1/ordersandmore", None),
        ("/metrics", None),
        ("/readyz", None),
        ("/openapi.json", None),
    ],
)
async def test_each_path_has_its_service(gateway, path, service):
    """The longest fitting route wins; what is not public is a 404 problem."""
    async with gateway.request("GET", path) as response:
        answer = await response.json(content_type=None)
    assert answer.get("service") == service
    assert (response.status == 404) == (service is None)


async def test_the_edge_makes_the_request_id(gateway):
    """A request id from outside is replaced; the new one reaches the service and the caller."""
    forged = str(uuid.uuid4())
    async with gateway.request("GET", "/v1/products", headers={"x-request-id": forged}) as response:
        seen = (await response.json())["headers"]["x-request-id"]
    assert seen != forged
    assert response.headers["x-request-id"] == seen


async def test_a_forwarded_address_from_outside_is_rebuilt(gateway):
    """The last X-Forwarded-For is the address that really connected."""
    async with gateway.request("GET", "/", headers={"X-Forwarded-For": "6.6.6.6"}) as response:
        headers = (await response.json())["headers"]
    assert not headers["x-forwarded-for"].endswith("6.6.6.6")
    assert "x-envoy-internal" not in headers


async def test_a_service_knows_how_long_it_is_waited_for(gateway):
    """The route's time-out is its deadline; a caller who waits less says so himself."""
    for sent, seen in (({}, "5000"), ({"x-request-timeout-ms": "700"}, "700")):
        async with gateway.request("GET", "/v1/products", headers=sent) as response:
            assert (await response.json())["headers"]["x-request-timeout-ms"] == seen


async def test_events_pass_as_they_are_sent(gateway):
    """Server-sent events arrive one by one, not at the end of the answer."""
    token = gateway.tokens.customer()
    async with gateway.request("GET", "/v1/orders/1/events", token=token) as response:
        assert response.content_type == "text/event-stream"
        assert b"first" in await response.content.readuntil(b"\n\n")
        gateway.upstreams["orders"].release.set()
        assert b"last" in await response.content.readuntil(b"\n\n")


async def test_a_large_body_is_refused(gateway):
    """More than 1 MiB is a 413 problem that says so, and does not reach the service."""
    before = gateway.upstreams["accounts"].requests
    async with gateway.request("POST", "/v1/sessions", data=b"x" * (1024 * 1024 + 1)) as response:
        assert response.status == 413
        problem = await response.json(content_type="application/problem+json")
    assert problem["type"] == "urn:seawall:problem:body-too-large"
    assert (problem["field"], problem["limit"]) == ("body", "1048576 bytes")
    assert gateway.upstreams["accounts"].requests == before


async def test_large_headers_are_refused(gateway):
    """More than 32 KiB of headers is a 431 problem that says so."""
    async with gateway.request("GET", "/", headers={"x-large": "x" * 40_000}) as response:
        assert response.status == 431
        problem = await response.json(content_type="application/problem+json")
    assert (problem["field"], problem["limit"]) == ("headers", "32 KiB in 100 headers")


async def test_a_service_without_an_instance_is_a_503_problem(gateway):
    """No endpoint: the caller is told to come back, in the common form."""
    gateway.control_plane.set_endpoints(gateway.endpoints | {"catalog": []})
    await until(lambda: _status(gateway, "/v1/products", 503))
    async with gateway.request("GET", "/v1/products") as response:
        problem = await response.json(content_type=None)
    assert response.content_type == "application/problem+json"
    assert problem["type"] == "urn:seawall:problem:unavailable"
    assert response.headers["Retry-After"] == "1"


async def test_a_service_that_does_not_answer_is_a_504_problem(gateway):
    """The route's timeout ends the wait."""
    async with gateway.request("GET", "/v1/products/slow") as response:
        problem = await response.json(content_type=None)
    assert (response.status, problem["type"]) == (504, "urn:seawall:problem:timeout")


async def test_a_refused_connection_is_tried_on_another_instance(gateway, unused_tcp_endpoint):
    """One dead instance of two is not seen by the caller."""
    gateway.control_plane.set_endpoints(
        gateway.endpoints | {"catalog": [*gateway.endpoints["catalog"], unused_tcp_endpoint]}
    )
    for _ in range(20):
        async with gateway.request("GET", "/v1/products") as response:
            assert response.status == 200


async def test_endpoints_change_without_a_dropped_request(gateway):
    """Under load the service moves to another instance; every request is answered."""
    successor = Upstream("catalog-2", gateway.tokens.issuer())
    statuses: list[int] = []
    moved = asyncio.Event()

    async def load() -> None:
        while not moved.is_set():
            async with gateway.request("GET", "/v1/products") as response:
                statuses.append(response.status)
                if (await response.json())["service"] == "catalog-2":
                    moved.set()

    async with running_upstream(successor) as endpoint:
        clients = [asyncio.create_task(load()) for _ in range(8)]
        await asyncio.sleep(0.2)
        gateway.control_plane.set_endpoints(gateway.endpoints | {"catalog": [endpoint]})
        await asyncio.wait_for(asyncio.gather(*clients), 10)
    assert set(statuses) == {200}


async def test_the_endpoints_file_is_followed(gateway, tmp_path):
    """A replaced endpoints file moves the traffic; a broken one is refused and changes nothing."""
    successor = Upstream("catalog-2", gateway.tokens.issuer())
    watched = tmp_path / "endpoints.txt"
    watched.write_text("")
    follow = asyncio.create_task(gateway.control_plane.follow(watched))
    async with running_upstream(successor) as endpoint:
        await asyncio.sleep(0)
        watched.write_text("catalog=nowhere")
        await asyncio.sleep(0.6)
        watched.write_text(f"catalog={endpoint.host}:{endpoint.port}")
        await until(lambda: _served_by(gateway, "/v1/products", "catalog-2"))
    follow.cancel()


async def test_a_service_is_not_given_more_than_it_takes(start_gateway):
    """Above the circuit breaker's limit the answer is an immediate 503 problem."""
    packaged = load_routes(PACKAGED_ROUTES)
    few = ServiceLimits(max_connections=1, max_pending_requests=1, max_requests=1)
    routes = replace(packaged, services={**packaged.services, "catalog": few})
    async with start_gateway(routes=routes) as gateway:
        first = asyncio.create_task(_body(gateway, "/v1/products/slow"))
        await until(gateway.admin.active_requests)
        second = asyncio.create_task(_body(gateway, "/v1/products"))
        await until(lambda: _active(gateway, 2))
        async with gateway.request("GET", "/v1/products") as response:
            problem = await response.json(content_type=None)
        assert (response.status, problem["type"]) == (503, "urn:seawall:problem:unavailable")
        gateway.upstreams["catalog"].release.set()
        assert (await first)["service"] == (await second)["service"] == "catalog"


async def test_orders_above_their_bound_are_turned_away_at_once(start_gateway):
    """503 with Retry-After for an order too many, while everything else about orders goes on."""
    packaged = load_routes(PACKAGED_ROUTES)
    one = ServiceLimits(max_high_priority_requests=1)
    routes = replace(packaged, services={**packaged.services, "orders": one})
    async with start_gateway(routes=routes) as gateway:
        token = gateway.tokens.customer()
        first = asyncio.create_task(_placed(gateway, "slow", token))
        await until(lambda: _active(gateway, 1))
        async with gateway.request("POST", "/v1/sales/s/orders", token=token) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "1")
        async with gateway.request("GET", "/v1/orders", token=token) as response:
            assert response.status == 200
        gateway.upstreams["orders"].release.set()
        assert await first == 200


async def test_a_dead_envoy_is_started_again(gateway):
    """kill -9 of Envoy: not ready at once, ready again by itself, on the same port."""
    first = gateway.process.pid
    os.kill(first, signal.SIGKILL)
    await until(lambda: gateway.process.pid != first)
    await until(gateway.admin.is_live)
    await gateway.control_plane.check()
    assert gateway.process.restarts == 1
    await until(lambda: _status(gateway, "/v1/products", 200))


async def test_a_port_in_use_is_an_error(gateway, start_gateway):
    """A second gateway on the same port does not share it, it fails."""
    port = int(gateway.url.rpartition(":")[2])
    with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"):
        async with start_gateway(port=port):
            pass


async def test_draining_lets_a_request_finish(start_gateway):
    """On stop a request under way is answered before Envoy goes."""
    async with start_gateway(drain_seconds=10) as gateway:
        request = asyncio.create_task(_body(gateway, "/v1/products/slow"))
        await until(gateway.admin.active_requests)
        stop = asyncio.create_task(gateway.control_plane.stop(10))
        await asyncio.sleep(0.2)
        assert not stop.done()
        gateway.upstreams["catalog"].release.set()
        assert (await request)["service"] == "catalog"
        await stop
        assert gateway.process.pid is None


async def _body(gateway, path):
    async with gateway.request("GET", path) as response:
        return await response.json()


async def _placed(gateway, sale, token):
    async with gateway.request("POST", f"/v1/sales/{sale}/orders", token=token) as response:
        return response.status


async def _active(gateway, requests):
    return await gateway.admin.active_requests() == requests


async def _status(gateway, path, status):
    async with gateway.request("GET", path) as response:
        return response.status == status


async def _served_by(gateway, path, name):
    return (await _body(gateway, path)).get("service") == name
