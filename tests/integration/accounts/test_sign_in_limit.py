"""How often one may try to sign in: counted on the real Valkey, for all replicas."""

from contextlib import AsyncExitStack

import pytest
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from seawall.testing import free_port
from services.accounts.app import build

EVE = {"password": "a wrong password"}


@pytest.fixture
async def start(settings):
    """A function that starts a replica with more settings, and returns a client of it."""
    async with AsyncExitStack() as stack:

        async def start(valkey_url):
            url = SecretStr(valkey_url)
            own = settings.model_copy(update={"valkey_url": url, "replicas": 2, "sign_in_attempts": 3})
            return await stack.enter_async_context(TestClient(TestServer(build(own))))

        yield start


async def signed_in(client, who):
    response = await client.post("/v1/sessions", json=who)
    return response, await response.json(content_type=None)


async def test_guessing_is_stopped_across_replicas(start, valkey_url, unique):
    """The fourth attempt with one address is a 429, whichever replica had the others, and right or wrong."""
    one, other = await start(valkey_url), await start(valkey_url)
    ann = {"email": f"{unique}@example.org", "password": "correct horse"}
    await one.post("/v1/customers", json=ann | {"name": "Ann"})
    for client in (one, other, one):
        response, _ = await signed_in(client, EVE | {"email": ann["email"].upper()})
        assert response.status == 401
    response, problem = await signed_in(other, ann)
    assert (response.status, problem["violated-policies"]) == (429, ["sign-in"])
    assert 0 < int(response.headers["Retry-After"]) <= 500
    elsewhere, _ = await signed_in(one, EVE | {"email": f"{unique}.2@example.org"})
    assert (elsewhere.status, elsewhere.headers["RateLimit"][:12]) == (401, '"sign-in";r=')


async def test_nobody_signs_in_uncounted(start, operator):
    """Without Valkey sign-in is a 503, while sign-up goes on."""
    client = await start(f"redis://127.0.0.1:{free_port()}/0")
    response, problem = await signed_in(client, operator)
    assert (response.status, problem["type"]) == (503, "urn:seawall:problem:limits-unavailable")
    new = {"email": "a@b.example", "password": "correct horse", "name": "Ann"}
    signed_up = await client.post("/v1/customers", json=new)
    assert signed_up.status == 201
