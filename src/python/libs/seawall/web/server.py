"""Runs an application until it is told to stop, and lets it finish what it began."""

import asyncio
import logging
import signal
import socket
from collections.abc import Coroutine

import uvloop
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

from seawall.settings import ServiceSettings
from seawall.web.collector import fit_collector
from seawall.web.health import READINESS, Readiness
from seawall.web.starting import answering_meanwhile

KEEPALIVE_SECONDS = 75.0
BACKLOG = 1024

_log = logging.getLogger("seawall.web")


class _WithoutNoise(logging.Filter):
    """What is malformed is the client's fault: one line, without the traceback through the parser."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError | RequestPayloadError):
            record.msg, record.args, record.exc_info = "malformed request", (), None
            record.levelno, record.levelname = logging.INFO, "INFO"
        return _log.isEnabledFor(record.levelno)


_protocol_log = logging.getLogger("seawall.web.protocol")
_protocol_log.addFilter(_WithoutNoise())


def run(app: web.Application, settings: ServiceSettings) -> None:
    """Serves until SIGTERM or SIGINT. Exits with 1 if the service cannot start, and says why."""
    if not uvloop.run(serve(app, settings)):
        raise SystemExit(1)


async def serve(app: web.Application, settings: ServiceSettings) -> bool:
    """As `run`, in a running loop. False if the service could not start.

    When told to stop: not ready any more, no new connections, requests in flight get `drain_seconds`,
    streams end, then the lifetime's teardown. Told so during its start, it gives the start up. While it
    starts it tells on its port that it lives, and what it waits for.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner = _runner(app, settings)
    try:
        if await _unless(stop, _start(runner, app[READINESS], settings)):
            fit_collector()
            _log.info("ready", extra={"port": runner.addresses[0][1]})
            await stop.wait()
        _log.info("draining")
    except Exception as error:
        _log.critical("cannot start: %s", error, exc_info=error)
        return False
    finally:
        app[READINESS].draining.set()
        await runner.cleanup()
    _log.info("stopped")
    return True


def _runner(app: web.Application, settings: ServiceSettings) -> web.AppRunner:
    # aiohttp waits this long twice: first with, then without the right to read the body.
    shutdown_timeout = settings.drain_seconds / 2
    return web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,
        logger=_protocol_log,
        keepalive_timeout=KEEPALIVE_SECONDS,
        shutdown_timeout=shutdown_timeout,
    )


async def _start(runner: web.AppRunner, readiness: Readiness, settings: ServiceSettings) -> None:
    with _listening(settings) as listening:
        readiness.is_starting = True
        async with answering_meanwhile(listening, readiness):
            await runner.setup()
        readiness.is_starting = False
        await web.SockSite(runner, listening.dup(), backlog=BACKLOG).start()


def _listening(settings: ServiceSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)


async def _unless(stop: asyncio.Event, work: Coroutine[None, None, None]) -> bool:
    """Does the work, or gives it up when told to stop. Whether it was done; raises what it raises."""
    task = asyncio.create_task(work)
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        task.cancel()
    await asyncio.wait({task})
    if task.cancelled():
        return False
    await task
    return True
