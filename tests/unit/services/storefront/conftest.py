"""The storefront in front of a fake API, and a browser's view of it."""

import html
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from services.storefront.app import build
from services.storefront.settings import StorefrontSettings
from unit.services.storefront.fake_api import FakeApi


class Browser:
    """Fetches pages and posts forms with an Origin, as browsers do; follows no redirects by itself."""

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self.client = client
        self.origin = str(client.make_url("/")).rstrip("/")

    async def get(self, path: str, **options: Any) -> ClientResponse:
        """The response to GET."""
        return await self.client.get(path, allow_redirects=False, **options)

    async def post(
        self, path: str, fields: dict[str, str], headers: dict[str, str] | None = None
    ) -> ClientResponse:
        """The response to a form."""
        sent = {"Origin": self.origin} if headers is None else headers
        return await self.client.post(path, data=fields, headers=sent, allow_redirects=False)

    async def text(self, path: str) -> str:
        """The page at the path."""
        return await (await self.get(path)).text()

    async def fields(self, path: str) -> dict[str, str]:
        """The hidden fields of the forms on the page."""
        pattern = r'<input type="hidden" name="([^"]+)" value="([^"]*)"'
        return {name: html.unescape(value) for name, value in re.findall(pattern, await self.text(path))}

    async def sign_up(self, email: str = "ada@example.org") -> None:
        """Signs up, and is signed in then."""
        form = {"name": "Ada", "email": email, "password": "correct horse", "next": "/"}
        response = await self.post("/sign-up", form)
        assert response.status == 303, await response.text()


@pytest.fixture
async def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
async def api_server(api: FakeApi) -> AsyncIterator[TestServer]:
    app = web.Application()
    app.add_routes(api.routes())
    server = TestServer(app)
    async with server:
        yield server


@pytest.fixture
async def browser(api_server: TestServer) -> AsyncIterator[Browser]:
    settings = StorefrontSettings(api_url=str(api_server.make_url("/")))
    async with TestClient(TestServer(build(settings))) as client:
        yield Browser(client)
