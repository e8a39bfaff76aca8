"""Rate limits of an HTTP API: who is over one is refused with 429, and everybody is told what is left.

Needs seawall.web, which the rest of this lib does without.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import wraps

from seawall.extras import extra
from seawall.ratelimit.decision import DecidedBy, Decision
from seawall.ratelimit.http_fields import (
    QUOTA_EXCEEDED,
    TITLE,
    TOO_MANY_REQUESTS,
    http_fields,
    violated_policies,
)
from seawall.ratelimit.ports import RateLimiter
from seawall.ratelimit.rule import Charge

with extra("ratelimit,web"):
    from aiohttp import web

    from seawall.web import Problem

RATE_LIMITER: web.AppKey[RateLimiter] = web.AppKey("rate_limiter")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_DECISION: web.RequestKey[Decision] = web.RequestKey("rate_limit", Decision)


def tell_rate_limits(app: web.Application) -> None:
    """Puts the fields into the response of every request that was counted, errors included."""
    app.on_response_prepare.append(_on_response)


async def enforce(request: web.Request, tenant: str, *charges: Charge) -> None:
    """Charges the request, once, by `app[RATE_LIMITER]`. Raises Problem: 429 for a denial.

    503 where a rule that fails closed could not be asked for.
    """
    decision = await request.app[RATE_LIMITER].take(tenant, charges)
    request[_DECISION] = decision
    if not decision.is_allowed:
        raise _problem(decision)


def limited(tenant: str, charges: Callable[[web.Request], Sequence[Charge]]) -> Callable[[Handler], Handler]:
    """A handler that is only reached within the limits. `charges` reads them off the request's head.

    It may raise Problem itself, as `customer_id` does.
    """

    def around(handler: Handler) -> Handler:
        @wraps(handler)
        async def enforced(request: web.Request) -> web.StreamResponse:
            await enforce(request, tenant, *charges(request))
            return await handler(request)

        return enforced

    return around


def _problem(decision: Decision) -> Problem:
    if decision.decided_by is DecidedBy.NOBODY:
        wait = {"Retry-After": http_fields(decision)["Retry-After"]}
        return Problem(503, "limits-unavailable", "This is not done while it cannot be counted", headers=wait)
    extra = {"violated-policies": violated_policies(decision)}
    return Problem(TOO_MANY_REQUESTS, QUOTA_EXCEEDED, TITLE, extra=extra, headers=http_fields(decision))


async def _on_response(request: web.Request, response: web.StreamResponse) -> None:
    decision = request.get(_DECISION)
    if decision is not None and decision.decided_by is not DecidedBy.NOBODY:
        for name, value in http_fields(decision).items():
            response.headers.setdefault(name, value)
