"""Whether a process lives, and whether it should get requests."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from seawall.web.body import json_response

CHECK_TIMEOUT_SECONDS = 1.0

Check = Callable[[], Awaitable[object]]


class Readiness:
    """The reasons for which this process should get no requests now."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self.draining = asyncio.Event()

    def add(self, name: str, check: Check) -> None:
        """A check that raises, or takes longer than a second, makes the process not ready."""
        self._checks[name] = check

    async def reasons(self) -> dict[str, str]:
        """Why not, by check; empty if ready."""
        if self.draining.is_set():
            return {"process": "draining"}
        names = list(self._checks)
        faults = await asyncio.gather(*(_fault(self._checks[name]) for name in names))
        return {name: fault for name, fault in zip(names, faults, strict=True) if fault is not None}


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
    """200 if ready, else 503 with the reasons."""
    reasons = await request.app[READINESS].reasons()
    status = "unready" if reasons else "ready"
    return json_response({"status": status, "reasons": reasons}, status=503 if reasons else 200)


async def metrics(_: web.Request) -> web.Response:
    """Prometheus' text format."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
