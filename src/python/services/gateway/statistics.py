"""Envoy's own statistics for Prometheus: what it answers and refuses before any service hears of it."""

from aiohttp import hdrs, web

from seawall.web import Problem
from services.gateway.envoy_admin import EnvoyAdmin

PATH = "/metrics/envoy"
ADMIN = web.AppKey("envoy_admin", EnvoyAdmin)
EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


async def statistics(request: web.Request) -> web.Response:
    """200 with the exposition, 503 while Envoy does not answer. Of its admin interface no more is shown."""
    text = await request.app[ADMIN].statistics()
    if text is None:
        raise Problem(503, "envoy-down", "Envoy does not answer", headers={"Retry-After": "1"})
    return web.Response(body=text.encode(), headers={hdrs.CONTENT_TYPE: EXPOSITION})
