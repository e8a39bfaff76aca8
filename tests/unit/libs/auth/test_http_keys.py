import json
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from seawall.auth import KeySet, TokenIssuer, TokenVerifier, generate_signing_key, jwks_at
from seawall.auth.http_keys import MAX_DOCUMENT_BYTES

ISSUER = TokenIssuer(generate_signing_key())


@pytest.fixture
async def answers():
    """A server that answers with what the test puts in."""
    response: dict[str, Any] = {}
    app = web.Application()

    async def handle(_):
        return web.Response(**response)

    app.router.add_get("/jwks", handle)
    server = TestServer(app)
    await server.start_server()
    async with aiohttp.ClientSession() as session:
        yield response, jwks_at(session, str(server.make_url("/jwks")))
    await server.close()


async def test_tokens_are_verified_by_what_the_issuer_serves(answers):
    """From the signature to the claims, over HTTP."""
    response, fetch = answers
    response["text"] = json.dumps(ISSUER.jwks())
    verifier = TokenVerifier(KeySet(fetch), issuer="seawall-accounts", audience="seawall")
    assert (await verifier.verify(ISSUER.issue("customer-1")))["sub"] == "customer-1"


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "not JSON"},
        {"text": "[]"},
        {"text": '{"keys": 1}'},
        {"text": '{"keys": []}' + " " * MAX_DOCUMENT_BYTES},
        {"status": 500, "text": '{"keys": []}'},
        {"status": 302, "headers": {"Location": "/elsewhere"}},
    ],
)
async def test_what_is_no_key_set_is_refused(answers, answer):
    """Neither an error page, nor a redirection, nor a document without end becomes keys."""
    response, fetch = answers
    response.update(answer)
    with pytest.raises((aiohttp.ClientError, ValueError)):
        await fetch()
