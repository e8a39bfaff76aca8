"""Runs an application until it is told to stop, and lets it finish what it began."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

import uvloop
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

from seawall.settings import ServiceSettings
from seawall.tasks import end
from seawall.web.collector import fit_collector
from seawall.web.crew import CREW, Crew
from seawall.web.health import READINESS, Readiness, health_app
from seawall.web.listening import BACKLOG, listening
from seawall.web.starting import answering_meanwhile
from seawall.web.workers import run_workers

KEEPALIVE_SECONDS = 75.0

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
    """Serves until SIGTERM or SIGINT, in `settings.workers` processes.

    Exits with 1 if the service cannot start, and says why.
    """
    if not (uvloop.run(serve(app, settings)) if settings.workers == 1 else _run_workers(app, settings)):
        raise SystemExit(1)


def _run_workers(app: web.Application, settings: ServiceSettings) -> bool:
    try:
        return run_workers(lambda settings, crew: uvloop.run(serve(app, settings, crew)), settings)
    except OSError as error:
        _log.critical("cannot start: %s", error, exc_info=error)
        return False


async def serve(app: web.Application, settings: ServiceSettings, crew: Crew | None = None) -> bool:
    """As `run`, in a running loop and in one process: one of the crew, if there is one.

    When told to stop: not ready any more, no new connections, requests in flight get `drain_seconds`,
    streams end, then the lifetime's teardown. Told so during its start, it gives the start up. While it
    starts it tells on its port that it lives, and what it waits for. False if the service could not start.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner = _runner(app, settings)
    try:
        async with _as_one_of(crew, app, stop):
            if await _unless(stop, _start(runner, app[READINESS], settings, shared=crew is not None)):
                fit_collector()
                place = {"port": runner.addresses[0][1]} | ({"worker": crew.number} if crew else {})
                _log.info("ready", extra=place)
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


@asynccontextmanager
async def _as_one_of(crew: Crew | None, app: web.Application, stop: asyncio.Event) -> AsyncIterator[None]:
    if crew is None:
        yield
        return
    app[CREW] = crew
    asyncio.get_running_loop().add_reader(crew.lifeline.fileno(), stop.set)
    async with crew.answering(health_app(app[READINESS])):
        yield


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


async def _start(
    runner: web.AppRunner, readiness: Readiness, settings: ServiceSettings, *, shared: bool
) -> None:
    with listening(settings, shared=shared) as port:
        readiness.is_starting = True
        async with answering_meanwhile(port, readiness):
            await runner.setup()
        readiness.is_starting = False
        await web.SockSite(runner, port.dup(), backlog=BACKLOG).start()


async def _unless(stop: asyncio.Event, work: Coroutine[None, None, None]) -> bool:
    """Does the work, or gives it up when told to stop. Whether it was done; raises what it raises."""
    task = asyncio.create_task(work)
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        if not task.done():
            await end(task)
    if task.cancelled():
        return False
    await task
    return True
