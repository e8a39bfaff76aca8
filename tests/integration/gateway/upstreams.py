"""Small services for the gateway to lead to: they answer what they were asked."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

from seawall.auth import TokenIssuer, generate_signing_key
from services.gateway.endpoints import Endpoint

OLD = -3600


@dataclass
class Upstream:
    """One service instance: what it saw, and how it behaves."""

    name: str
    issuer: TokenIssuer
    ready: bool = True
    requests: int = 0
    release: asyncio.Event = field(default_factory=asyncio.Event)

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/.well-known/jwks.json", self._jwks)
        app.router.add_get("/v1/orders/{id}/events", self._events)
        app.router.add_get("/v1/products/slow", self._slow)
        app.router.add_post("/v1/sales/slow/orders", self._slow)
        app.router.add_route("*", "/{path:.*}", self._echo)
        return app

    async def _readyz(self, _request: web.Request) -> web.Response:
        return web.Response(status=200 if self.ready else 503)

    async def _jwks(self, _request: web.Request) -> web.Response:
        return web.json_response(self.issuer.jwks())

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"event: state\ndata: first\n\n")
        await self.release.wait()
        await response.write(b"event: state\ndata: last\n\n")
        return response

    async def _slow(self, _request: web.Request) -> web.Response:
        await self.release.wait()
        return web.json_response({"service": self.name})

    async def _echo(self, request: web.Request) -> web.Response:
        self.requests += 1
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = {"service": self.name, "path": request.path, "headers": headers}
        return web.json_response(seen | {"bytes": len(body)})


@contextlib.asynccontextmanager
async def running_upstream(upstream: Upstream) -> AsyncIterator[Endpoint]:
    server = TestServer(upstream.application(), host="127.0.0.1")
    await server.start_server(shutdown_timeout=0.1)
    try:
        yield Endpoint("127.0.0.1", server.port or 0)
    finally:
        upstream.release.set()
        await server.close()


@dataclass
class Tokens:
    """Tokens good and bad, by one signing key."""

    key: str = field(default_factory=generate_signing_key)

    def issuer(self, **overrides) -> TokenIssuer:
        return TokenIssuer(self.key, **overrides)

    def customer(self, name: str = "customer-1") -> str:
        return self.issuer().issue(name)

    def operator(self) -> str:
        return self.issuer().issue("operator-1", role="operator")

    def bad(self, fault: str) -> str:
        """A token with one fault."""
        return {
            "expired": lambda: self.issuer(ttl_seconds=OLD).issue("customer-1"),
            "forged": lambda: TokenIssuer(generate_signing_key()).issue("customer-1"),
            "other-issuer": lambda: self.issuer(issuer="mallory").issue("customer-1"),
            "other-audience": lambda: self.issuer(audience="elsewhere").issue("customer-1"),
            "garbage": lambda: "a.b.c",
            "unsigned": self._unsigned,
        }[fault]()

    def _unsigned(self) -> str:
        """Algorithm `none`, the claims of a good token."""
        import jwt

        claims = jwt.decode(self.customer(), options={"verify_signature": False})
        return jwt.encode(claims, key="", algorithm="none")
