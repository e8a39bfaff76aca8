"""Whether a process lives, and whether it should get requests."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import REGISTRY

from seawall.telemetry import OutageLog
from seawall.web.body import json_response
from seawall.web.crew import CREW

CHECK_TIMEOUT_SECONDS = 1.0
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 1.0

Check = Callable[[], Awaitable[object]]

_log = logging.getLogger("seawall.web")


class Readiness:
    """The reasons for which this process should get no requests now."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self.is_starting = False
        self.draining = asyncio.Event()

    def add(self, name: str, check: Check) -> None:
        """A check that raises, or takes longer than a second, makes the process not ready."""
        self._checks[name] = check

    async def needs(self, name: str, check: Check, is_away: Callable[[Exception], bool]) -> None:
        """As `add`; returns when the check passes. For what a start cannot do without.

        Raises what the check raises, unless that `is_away`: then it is asked again, for ever.
        """
        self.add(name, check)
        outage, pause = OutageLog(_log, name), FIRST_PAUSE_SECONDS
        while True:
            try:
                await check()
            except Exception as error:
                if not is_away(error):
                    raise
                outage.failed(error)
            else:
                outage.worked()
                return
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def reasons(self) -> dict[str, str]:
        """Why not, by check; empty if ready."""
        if self.draining.is_set():
            return {"process": "draining"}
        names = list(self._checks)
        faults = await asyncio.gather(*(_fault(self._checks[name]) for name in names))
        reasons = {name: fault for name, fault in zip(names, faults, strict=True) if fault is not None}
        return {"process": "starting", **reasons} if self.is_starting else reasons


READINESS: web.AppKey[Readiness] = web.AppKey("readiness", Readiness)


async def _fault(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            await check()
    except TimeoutError:
        return f"no answer in {CHECK_TIMEOUT_SECONDS:g} s"
    except Exception as error:
        return type(error).__name__
    return None


async def livez(_: web.Request) -> web.Response:
    """The event loop turns. Depends on nothing else: a restart would not mend a store."""
    return json_response({"status": "alive"})


async def readyz(request: web.Request) -> web.Response:
    """200 if ready, else 503 with the reasons: those of all workers, if there are several."""
    own, crew = request.app[READINESS].reasons(), request.app.get(CREW)
    if crew is None:
        reasons = await own
    else:
        mine, others = await asyncio.gather(own, crew.reasons())
        reasons = mine | others
    status = "unready" if reasons else "ready"
    return json_response({"status": status, "reasons": reasons}, status=503 if reasons else 200)


async def metrics(request: web.Request) -> web.Response:
    """Prometheus' text format, or OpenMetrics (with exemplars) for whoever accepts that.

    Of several workers each has its samples, with the label `worker`.
    """
    accept, crew = request.headers.get(hdrs.ACCEPT, ""), request.app.get(CREW)
    encode, content_type = choose_encoder(accept)
    body = encode(REGISTRY)
    if crew is not None:
        body = (await crew.metrics(body.decode(), accept)).encode()
    return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})


def health_app(readiness: Readiness) -> web.Application:
    """What one process tells of itself, before it serves and beside it."""
    app = web.Application()
    app[READINESS] = readiness
    app.add_routes([web.get("/livez", livez), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    return app
