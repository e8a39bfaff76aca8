"""Who may pass: tokens verified by a real Envoy."""

import pytest
from yarl import URL


async def test_a_valid_token_becomes_identity_headers(gateway):
    """The verified subject and role reach the service; the token itself does not."""
    async with gateway.request("GET", "/v1/orders", token=gateway.tokens.customer()) as response:
        headers = (await response.json())["headers"]
    assert headers["x-customer-id"] == "customer-1"
    assert headers["x-customer-role"] == "customer"
    assert "authorization" not in headers


async def test_the_cookie_carries_the_token_too(gateway):
    """A browser's seawall_token cookie is as good as a bearer token."""
    cookie = {"Cookie": f"seawall_token={gateway.tokens.customer()}"}
    async with gateway.request("GET", "/v1/orders", headers=cookie) as response:
        assert (await response.json())["headers"]["x-customer-id"] == "customer-1"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/orders"),
        ("GET", "/v1/orders/1"),
        ("GET", "/v1/orders/1/events"),
        ("POST", "/v1/sales/s/orders"),
        ("POST", "/v1/sales"),
        ("GET", "/v1/customers/me"),
    ],
)
async def test_protected_routes_refuse_a_missing_token(gateway, method, path):
    """Without a token the answer is a 401 problem, and the service is not asked."""
    before = sum(upstream.requests for upstream in gateway.upstreams.values())
    async with gateway.request(method, path) as response:
        await assert_problem(response, 401, "token-required")
        assert response.headers["WWW-Authenticate"] == "Bearer"
    assert sum(upstream.requests for upstream in gateway.upstreams.values()) == before


@pytest.mark.parametrize(
    "fault", ["expired", "forged", "other-issuer", "other-audience", "garbage", "unsigned"]
)
async def test_a_bad_token_is_refused(gateway, fault):
    """A token with any fault is a 401 problem, whether it comes as header or as cookie."""
    token = gateway.tokens.bad(fault)
    async with gateway.request("GET", "/v1/orders", token=token) as response:
        await assert_problem(response, 401, "token-required")
    async with gateway.request("GET", "/v1/orders", headers={"Cookie": f"seawall_token={token}"}) as response:
        await assert_problem(response, 401, "token-required")


async def test_a_token_in_the_query_is_not_looked_at(gateway):
    """Tokens in addresses end up in logs, so none is taken from there."""
    token = gateway.tokens.customer()
    async with gateway.request("GET", f"/v1/orders?access_token={token}") as response:
        assert response.status == 401


async def test_only_an_operator_schedules_sales(gateway):
    """A customer's token gets a 403 problem; an operator's passes."""
    async with gateway.request("POST", "/v1/sales", token=gateway.tokens.customer()) as response:
        await assert_problem(response, 403, "forbidden")
    async with gateway.request("POST", "/v1/sales", token=gateway.tokens.operator()) as response:
        assert (await response.json())["headers"]["x-customer-role"] == "operator"


@pytest.mark.parametrize("path", ["/v1/products", "/v1/sales", "/", "/v1/orders"])
@pytest.mark.parametrize("name", ["x-customer-id", "X-Customer-Id", "x-customer-role"])
async def test_identity_headers_from_outside_are_stripped(gateway, path, name):
    """Nobody says who he is by a header, on routes with and without a token."""
    token = gateway.tokens.customer() if path == "/v1/orders" else None
    async with gateway.request("GET", path, token=token, headers={name: "operator"}) as response:
        headers = (await response.json())["headers"]
    assert headers.get(name.lower()) in (None, "customer-1", "customer")
    assert ("x-customer-id" in headers) == (token is not None)


@pytest.mark.parametrize("path", ["//v1/orders", "/v1/./orders", "/v1/x/../orders", "/v1//orders"])
async def test_a_disguised_path_does_not_pass_by_the_token_check(gateway, path):
    """The path is normalised before a route is chosen."""
    async with gateway.session.get(URL(gateway.url + path, encoded=True)) as response:
        assert response.status == 401


async def test_an_escaped_slash_is_refused(gateway):
    """%2F could mean another path to the service than to the edge."""
    async with gateway.session.get(URL(gateway.url + "/v1%2Forders", encoded=True)) as response:
        problem = await response.json(content_type=None)
    assert (response.status, problem["type"]) == (400, "urn:seawall:problem:bad-request")


async def test_without_keys_nobody_is_called_a_forger(start_gateway):
    """While accounts cannot be asked for its keys, a token gets a 503 problem, not a 401."""
    async with start_gateway(without=("accounts",)) as gateway:
        async with gateway.request("GET", "/v1/orders", token=gateway.tokens.customer()) as response:
            await assert_problem(response, 503, "unavailable")
        async with gateway.request("GET", "/v1/orders") as response:
            await assert_problem(response, 401, "token-required")


async def assert_problem(response, status, kind):
    problem = await response.json(content_type=None)
    assert response.status == status, problem
    assert response.content_type == "application/problem+json"
    assert problem["type"] == f"urn:seawall:problem:{kind}"
    assert problem["status"] == status
    assert problem["correlation_id"] == response.headers["x-request-id"]
