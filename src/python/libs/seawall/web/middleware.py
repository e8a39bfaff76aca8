"""What every request goes through: its ids, errors as problems, metrics, one line of log."""

import logging
import time
from functools import lru_cache
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import Counter, Histogram

from seawall.resilience import (
    ATTEMPT,
    REQUEST_TIMEOUT,
    MalformedTimeout,
    bind_attempt,
    bind_deadline,
    parse_attempt,
    parse_request_timeout,
)
from seawall.telemetry import (
    REQUEST_ID,
    TRACEPARENT,
    Kind,
    RepeatedLine,
    bind_correlation_id,
    bind_trace,
    current_correlation_id,
    current_trace_id,
    is_traced,
    new_correlation_id,
    span,
)
from seawall.web.health import READINESS
from seawall.web.operation import check_query
from seawall.web.problem import Problem, Translations, refused, translated
from seawall.web.refusal import WITHOUT_NUL
from seawall.web.shedding import shed_or_handle

TRACE_ID = "x-trace-id"
_IS_STARTED: web.RequestKey[bool] = web.RequestKey("is_started", bool)
_IDS: web.RequestKey[tuple[str, str]] = web.RequestKey("ids", tuple)
UNLOGGED = frozenset({"/livez", "/readyz", "/metrics"})

_REQUESTS = Counter("seawall_http_requests_total", "Requests answered", ["method", "route", "status"])
_SECONDS = Histogram(
    "seawall_http_request_seconds",
    "Duration of a request; of a stream, all of it",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
CLIENT_GONE = 499

_log = logging.getLogger("seawall.web")


def observed(translations: Translations) -> Middleware:
    """The one middleware. `translations` turn the errors of the service into problems."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        headers = request.headers
        with (
            bind_correlation_id(headers.get(REQUEST_ID) or new_correlation_id()),
            bind_trace(headers.get(TRACEPARENT)),
        ):
            request[_IDS] = current_correlation_id() or "", current_trace_id() or ""
            started_at = time.perf_counter()
            status = 500
            answer = _answer_in_span if is_traced() else _answer
            try:
                response = await answer(request, handler, translations)
                status = response.status
            except web.HTTPException as redirect:
                status = redirect.status
                raise
            finally:
                _record(request, status, time.perf_counter() - started_at)
            return response

    return middleware


async def on_response(request: web.Request, response: web.StreamResponse) -> None:
    """Names the request in its response, and asks the client to leave while the process drains."""
    request[_IS_STARTED] = True
    response.headers[hdrs.SERVER] = "seawall"
    correlation_id, trace_id = request.get(_IDS, ("", ""))
    response.headers.setdefault(REQUEST_ID, correlation_id)
    response.headers[TRACE_ID] = trace_id
    if request.app[READINESS].draining.is_set():
        response.headers[hdrs.CONNECTION] = "close"
        response.force_close()


async def _answer(request: web.Request, handler: Handler, translations: Translations) -> web.StreamResponse:
    try:
        _check_url(request)
        attempt = request.headers.get(ATTEMPT)
        if attempt is None:
            return await _answer_in_time(request, handler)
        with bind_attempt(parse_attempt(attempt)):
            return await _answer_in_time(request, handler)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return _as_problem(request, error, translations)
    except Exception as error:
        return _as_problem(request, error, translations)


async def _answer_in_span(
    request: web.Request, handler: Handler, translations: Translations
) -> web.StreamResponse:
    route = _route(request)
    redirect = None
    with span(f"{request.method} {route}", Kind.SERVER) as served:
        served.set("http.request.method", request.method)
        served.set("http.route", route)
        try:
            response = await _answer(request, handler, translations)
        except web.HTTPException as raised:
            redirect = response = raised
        served.set("http.response.status_code", response.status)
    if redirect is not None:
        raise redirect
    return response


async def _answer_in_time(request: web.Request, handler: Handler) -> web.StreamResponse:
    value = request.headers.get(REQUEST_TIMEOUT)
    if value is None:
        return await shed_or_handle(request, handler)
    try:
        seconds = parse_request_timeout(value)
    except MalformedTimeout as error:
        raise refused(400, REQUEST_TIMEOUT, str(error), "the time-out is malformed") from error
    with bind_deadline(seconds) as deadline:
        deadline.check()
        return await shed_or_handle(request, handler)


def _check_url(request: web.Request) -> None:
    path = request.raw_path
    # No store holds it, and no identifier of ours has it.
    if "%00" in path:
        raise refused(400, "url", WITHOUT_NUL, "the URL holds %00")
    if "?" in path:
        check_query(request)


def _as_problem(request: web.Request, error: Exception, translations: Translations) -> web.Response:
    transport = request.transport
    if isinstance(error, ConnectionError) and (transport is None or transport.is_closing()):
        return web.Response(status=CLIENT_GONE)
    problem = translated(error, translations)
    is_started = request.get(_IS_STARTED, False)
    if problem is None or is_started:
        _log.error("request failed", exc_info=error, extra={"route": _route(request)})
        problem = problem or Problem(500, "internal-error", "This is our fault")
    if is_started and transport is not None:
        # A second head would land in the body of the first: the client must see that it is cut off.
        transport.close()
    return problem.response()


def _record(request: web.Request, status: int, seconds: float) -> None:
    method = request.method if request.method in hdrs.METH_ALL else "other"
    requests, durations, line = _kept(method, _route(request), status)
    requests.inc()
    # An exemplar leads from a slow bucket to a trace that can be looked at.
    durations.observe(seconds, {"trace_id": current_trace_id() or ""} if is_traced() else None)
    if line is not None:
        line.log(round(seconds * 1000, 2))


@lru_cache(maxsize=1024)
def _kept(method: str, route: str, status: int) -> tuple[Counter, Histogram, RepeatedLine | None]:
    line = RepeatedLine(_log, "request", "milliseconds", method=method, route=route, status=status)
    logged = None if route in UNLOGGED else line
    return _REQUESTS.labels(method, route, status), _SECONDS.labels(method, route), logged


def _route(request: web.Request) -> str:
    # The pattern, never the path: label values and logs stay bounded, and hold no ids.
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"
