"""An application with everything that a service of ours has."""

from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial

from aiohttp import web

from seawall.settings import ServiceSettings
from seawall.web import openapi
from seawall.web.body import json_response
from seawall.web.health import READINESS, Readiness, livez, metrics, readyz
from seawall.web.limits import BODY_TIMEOUT, BODY_TIMEOUT_SECONDS, MAX_BODY_BYTES
from seawall.web.middleware import observed, on_response
from seawall.web.problem import Translations
from seawall.web.shedding import add_shedding

SETTINGS: web.AppKey[ServiceSettings] = web.AppKey("settings", ServiceSettings)

Lifetime = Callable[[web.Application], AsyncIterator[None]]


def web_service(
    settings: ServiceSettings,
    *,
    name: str,
    routes: Iterable[web.AbstractRouteDef],
    lifetime: Lifetime | None = None,
    problems: Translations | None = None,
    version: str = "1.0.0",
    body_timeout_seconds: float = BODY_TIMEOUT_SECONDS,
    sheds: bool = True,
) -> web.Application:
    """An application: the routes, and /livez /readyz /metrics /openapi.json.

    `lifetime` sets up before its yield, in which it may add to the application and to
    `app[READINESS]`, and tears down after it. `problems` turn errors of the service into answers.
    With `sheds` more requests than the process gets through are answered 503, by their priority.
    """
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[observed(problems or {})])
    app[SETTINGS] = settings
    app[READINESS] = Readiness()
    app[BODY_TIMEOUT] = body_timeout_seconds
    app.on_response_prepare.append(on_response)
    app.add_routes(routes)
    app.add_routes(
        [
            web.get("/livez", livez, allow_head=False),
            web.get("/readyz", readyz, allow_head=False),
            web.get("/metrics", metrics, allow_head=False),
            web.get("/openapi.json", partial(_openapi, name, version), allow_head=False),
        ]
    )
    if sheds:
        add_shedding(app, name)
    app.cleanup_ctx.append(partial(_traced, name))
    if lifetime is not None:
        app.cleanup_ctx.append(lifetime)
    return app


async def _traced(name: str, app: web.Application) -> AsyncIterator[None]:
    settings = app[SETTINGS]
    if not settings.otlp_endpoint:
        yield
        return
    from seawall.otlp import tracing  # noqa: PLC0415 - slow to import, and an extra of its own

    async with tracing(name, settings.otlp_endpoint, settings.trace_sample_ratio):
        yield


async def _openapi(name: str, version: str, request: web.Request) -> web.Response:
    return json_response(openapi.document(request.app, name, version))
