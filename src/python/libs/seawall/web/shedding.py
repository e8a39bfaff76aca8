"""Load shedding of a service: it takes on what it gets through, and what matters least is refused first."""

import math
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.typedefs import Handler

from seawall.resilience import (
    AdaptiveLimit,
    Admitted,
    LimitSettings,
    LoadShedder,
    LoopLag,
    Priority,
    SheddingSettings,
    is_overdue,
)
from seawall.web.health import livez, metrics, readyz
from seawall.web.operation import operation_of

# A crowd may come to a process that has just started: more than a cautious client would begin with.
LIMIT = LimitSettings(initial=64, most=1_000)
# Lags of half a second and more: less is what a busy neighbour on the machine does, too.
SHEDDING = SheddingSettings(max_waiting=256, shed_at_lag_seconds=(math.inf, 2.0, 1.0, 0.5))
# Who asks whether the process lives, and how it fares, must hear it above all when it has too much to do.
_NEVER_SHED = frozenset({livez, readyz, metrics})

SHEDDER: web.AppKey[LoadShedder] = web.AppKey("shedder", LoadShedder)
LAG: web.AppKey[LoopLag] = web.AppKey("lag", LoopLag)
_ADMITTED: web.RequestKey[Admitted] = web.RequestKey("admitted", Admitted)


def add_shedding(app: web.Application, name: str) -> None:
    """Sheds in this application, by the priority of each operation."""
    app[LAG] = LoopLag()
    app[SHEDDER] = LoadShedder(name, SHEDDING, limit=AdaptiveLimit(LIMIT), lag=app[LAG])
    app.cleanup_ctx.append(_watched)


async def shed_or_handle(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What the handler answers. Raises Shed, before anything is done, and what the handler raises."""
    shedder = request.app.get(SHEDDER)
    priority = None if shedder is None else _priority_of(request.match_info.handler)
    if shedder is None or priority is None:
        return await handler(request)
    request[_ADMITTED] = admitted = shedder.admit_now(priority) or await shedder.admit(priority)
    try:
        response = await handler(request)
        admitted.finish()
    except Exception as error:
        if is_overdue(error):
            admitted.finish(was_dropped=True)
        raise
    finally:
        admitted.leave()
    return response


def leaves_queue(request: web.Request) -> None:
    """The request becomes a stream: it holds no place, and its time tells nothing."""
    admitted = request.get(_ADMITTED)
    if admitted is not None:
        admitted.leave()


def _priority_of(handler: object) -> Priority | None:
    if handler in _NEVER_SHED:
        return None
    found = operation_of(handler)
    return Priority.CRITICAL if found is None else found.priority


async def _watched(app: web.Application) -> AsyncIterator[None]:
    with app[LAG].watched():
        yield
