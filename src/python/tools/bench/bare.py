"""A bare aiohttp server that accepts anything: `python -m tools.bench.bare PORT`. It keeps nothing."""

import sys

import uvloop
from aiohttp import web

from tools.devstack.ports import LOOPBACK

# As long as the answer of orders.
ACCEPTED = {"order_id": "0" * 36, "state": "accepted", "status_url": "/v1/orders/" + "0" * 36}


async def accept(request: web.Request) -> web.Response:
    """202 for a JSON body."""
    await request.json()
    return web.json_response(ACCEPTED, status=202)


async def ready(_request: web.Request) -> web.Response:
    """200."""
    return web.Response()


def build() -> web.Application:
    """The application: no middleware."""
    app = web.Application()
    app.router.add_get("/readyz", ready)
    app.router.add_post("/v1/sales/{sale_id}/orders", accept)
    return app


def main(port: str) -> None:
    """Serves until it is stopped."""
    web.run_app(
        build(), host=LOOPBACK, port=int(port), access_log=None, print=None, loop=uvloop.new_event_loop()
    )


if __name__ == "__main__":
    main(sys.argv[1])
