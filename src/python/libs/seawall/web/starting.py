"""What is served on the port while the service still starts: that it lives, and what it waits for."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from seawall.web.health import Readiness, health_app
from seawall.web.problem import Problem


@asynccontextmanager
async def answering_meanwhile(listening: socket.socket, readiness: Readiness) -> AsyncIterator[None]:
    """For the block: /livez, /metrics, /readyz with the reasons, and 503 for all else.

    Who connects between this block and the service's own listening waits in the socket's backlog.
    """
    app = health_app(readiness)
    app.router.add_route("*", "/{path:.*}", _not_yet)
    app.on_response_prepare.append(_one_answer)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        # A duplicate: closing it leaves the socket listening.
        await web.SockSite(runner, listening.dup()).start()
        yield
    finally:
        await runner.cleanup()


async def _not_yet(_: web.Request) -> web.Response:
    return Problem(503, "starting", "The service is starting", headers={"Retry-After": "1"}).response()


async def _one_answer(_: web.Request, response: web.StreamResponse) -> None:
    # The next request is for the service itself.
    response.force_close()
