"""Runs an application until it is told to stop, and lets it finish what it began."""

import asyncio
import logging
import signal

import uvloop
from aiohttp import web

from seawall.settings import ServiceSettings
from seawall.web.health import READINESS

KEEPALIVE_SECONDS = 75.0

_log = logging.getLogger("seawall.web")


def run(app: web.Application, settings: ServiceSettings) -> None:
    """Serves until SIGTERM or SIGINT. Exits with 1 if the service cannot start, and says why."""
    if not uvloop.run(serve(app, settings)):
        raise SystemExit(1)


async def serve(app: web.Application, settings: ServiceSettings) -> bool:
    """As `run`, in a running loop. False if the service could not start.

    When told to stop: not ready any more, no new connections, requests in flight get `drain_seconds`,
    streams end, then the lifetime's teardown.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=KEEPALIVE_SECONDS,
        shutdown_timeout=settings.drain_seconds,
    )
    try:
        await runner.setup()
        site = web.TCPSite(runner, settings.host, settings.port, backlog=1024)
        await site.start()
    except Exception as error:
        _log.critical("cannot start: %s", error, exc_info=error)
        await runner.cleanup()
        return False
    _log.info("ready", extra={"port": runner.addresses[0][1]})
    await stop.wait()
    _log.info("draining")
    app[READINESS].draining.set()
    await runner.cleanup()
    _log.info("stopped")
    return True
