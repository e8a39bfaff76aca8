"""The accounts service on real PostgreSQL, through its HTTP API."""

import asyncio

import jwt
import pytest
from aiohttp.test_utils import TestClient, TestServer
from openapi_spec_validator import validate

from services.accounts.app import build

ADA = {"email": "ada@example.org", "password": "correct horse", "name": "Ada"}
CREDENTIALS = {"email": ADA["email"], "password": ADA["password"]}


async def posted(client, path, body):
    response = await client.post(path, json=body)
    return response.status, await response.json()


@pytest.fixture
async def ada(client):
    status, customer = await posted(client, "/v1/customers", ADA)
    assert status == 201
    return customer


async def claims_of(client, access_token):
    key = jwt.PyJWK((await (await client.get("/.well-known/jwks.json")).json())["keys"][0])
    return jwt.decode(access_token, key, algorithms=["ES256"], audience="seawall", issuer="seawall-accounts")


async def test_sign_up_shows_the_account(client, ada):
    """The answer has the id, the normalised address and the name, and nothing of the password."""
    assert set(ada) == {"customer_id", "email", "name"}
    assert (ada["email"], ada["name"]) == ("ada@example.org", "Ada")


async def test_a_taken_address_is_a_conflict(client, ada):
    """The same address in other letters is a 409 problem."""
    response = await client.post("/v1/customers", json=ADA | {"email": " ADA@Example.org"})
    assert response.status == 409
    assert response.content_type == "application/problem+json"
    assert (await response.json())["type"] == "urn:seawall:problem:email-taken"


async def test_sign_in_gives_a_token_that_the_published_key_verifies(client, ada):
    """The access token is about the customer, with the customer's role."""
    status, session = await posted(client, "/v1/sessions", CREDENTIALS)
    claims = await claims_of(client, session["access_token"])
    assert (status, session["token_type"], session["expires_in"]) == (200, "Bearer", 900)
    assert (claims["sub"], claims["role"]) == (ada["customer_id"], "customer")


async def test_tokens_are_not_cached_and_keys_are(client, ada):
    """A proxy may keep the key set, and never a token."""
    signed_in = await client.post("/v1/sessions", json=CREDENTIALS)
    keys = await client.get("/.well-known/jwks.json")
    assert signed_in.headers["Cache-Control"] == "no-store"
    assert keys.headers["Cache-Control"] == "public, max-age=300"


@pytest.mark.parametrize(
    "credentials", [CREDENTIALS | {"password": "wrong horse"}, CREDENTIALS | {"email": "eve@example.org"}]
)
async def test_wrong_credentials_are_told_alike(client, ada, credentials):
    """A wrong password and an unknown address give the same 401 problem."""
    status, problem = await posted(client, "/v1/sessions", credentials)
    assert (status, problem["type"]) == (401, "urn:seawall:problem:wrong-credentials")


async def test_refresh_rotates_the_token(client, ada):
    """Each refresh gives another refresh token and a good access token."""
    _, first = await posted(client, "/v1/sessions", CREDENTIALS)
    status, second = await posted(client, "/v1/sessions/refresh", {"refresh_token": first["refresh_token"]})
    assert status == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert (await claims_of(client, second["access_token"]))["sub"] == ada["customer_id"]


async def test_reuse_revokes_the_whole_family(client, ada):
    """A spent token is a 401, and so is its successor from then on."""
    _, first = await posted(client, "/v1/sessions", CREDENTIALS)
    _, second = await posted(client, "/v1/sessions/refresh", {"refresh_token": first["refresh_token"]})
    for token in (first["refresh_token"], second["refresh_token"]):
        status, problem = await posted(client, "/v1/sessions/refresh", {"refresh_token": token})
        assert (status, problem["type"]) == (401, "urn:seawall:problem:refresh-token-refused")


async def test_sign_out_ends_the_session(client, ada):
    """After a 204 the refresh token is refused; signing out again is a 204 too."""
    _, session = await posted(client, "/v1/sessions", CREDENTIALS)
    body = {"refresh_token": session["refresh_token"]}
    assert (await client.delete("/v1/sessions", json=body)).status == 204
    assert (await client.delete("/v1/sessions", json=body)).status == 204
    assert (await posted(client, "/v1/sessions/refresh", body))[0] == 401


async def test_me_is_whom_the_gateway_names(client, ada):
    """The gateway's header decides; without it the answer is 401, for a stranger's id 404."""
    headers = {"x-customer-id": ada["customer_id"]}
    assert await (await client.get("/v1/customers/me", headers=headers)).json() == ada
    assert (await client.get("/v1/customers/me")).status == 401
    assert (await client.get("/v1/customers/me", headers={"x-customer-id": "nobody"})).status == 404


async def test_the_operator_exists(client, operator):
    """The account that the settings name can sign in, as an operator."""
    _, session = await posted(client, "/v1/sessions", operator)
    assert (await claims_of(client, session["access_token"]))["role"] == "operator"


async def test_accounts_outlive_a_restart(client, settings, ada, operator):
    """A second replica on the same database and key knows the customer, the operator and the session."""
    _, session = await posted(client, "/v1/sessions", CREDENTIALS)
    async with TestClient(TestServer(build(settings))) as replica:
        assert (await posted(replica, "/v1/sessions", operator))[0] == 200
        body = {"refresh_token": session["refresh_token"]}
        status, refreshed = await posted(replica, "/v1/sessions/refresh", body)
    assert status == 200
    assert (await claims_of(client, refreshed["access_token"]))["sub"] == ada["customer_id"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "ada"}, "email"),
        ({"email": "a" * 300 + "@example.org"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"name": ""}, "name"),
        ({"name": "Ada\u0000"}, "name"),
        ({"name": 7}, "name"),
    ],
)
async def test_bad_input_is_named(client, change, field):
    """A 422 problem says which field breaks which limit, and no account is made."""
    status, problem = await posted(client, "/v1/customers", ADA | change)
    assert (status, problem["field"]) == (422, field)
    assert problem["limit"]
    assert (await posted(client, "/v1/sessions", CREDENTIALS))[0] == 401


async def test_an_unknown_field_is_refused(client):
    """Nobody makes himself an operator by adding a field."""
    status, _ = await posted(client, "/v1/customers", ADA | {"role": "operator"})
    assert status == 422


async def test_a_rush_of_sign_ins_is_served_or_told_to_come_back(client, ada):
    """A hundred at once each get 200, or 503 with Retry-After; none fails otherwise."""
    responses = await asyncio.gather(*(client.post("/v1/sessions", json=CREDENTIALS) for _ in range(100)))
    refused = [response for response in responses if response.status == 503]
    assert all(response.headers["Retry-After"] for response in refused)
    assert {response.status for response in responses} <= {200, 503}
    assert len(refused) < 100


async def test_the_openapi_document_is_valid(client):
    """/openapi.json is OpenAPI 3.1 and names every route."""
    document = await (await client.get("/openapi.json")).json()
    validate(document)
    assert {"/v1/customers", "/v1/sessions", "/v1/sessions/refresh"} <= set(document["paths"])


async def test_the_service_is_ready_with_its_database(client):
    """/readyz is 200 while PostgreSQL answers and the purge runs."""
    assert (await client.get("/readyz")).status == 200
