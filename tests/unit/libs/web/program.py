"""A service in a process of its own: `python program.py <lifetime>`; it prints what happens to it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator

from aiohttp import web

from seawall.settings import ServiceSettings, load
from seawall.telemetry import configure_logging
from seawall.web import READINESS, background, event_stream, json_response, run, web_service


def say(what: str) -> None:
    sys.stdout.write(what + "\n")
    sys.stdout.flush()


async def slow(request: web.Request) -> web.Response:
    say("working")
    await asyncio.sleep(float(request.query["seconds"]))
    return json_response({"done": True})


async def events(request: web.Request) -> web.StreamResponse:
    async with event_stream(request) as stream:
        await stream.send("state", 1)
        await asyncio.sleep(60)
    return stream.response


async def who(_: web.Request) -> web.Response:
    return json_response({"pid": os.getpid()})


async def steady(_: web.Application) -> AsyncIterator[None]:
    say("set up")
    yield
    say("torn down")


async def hanging(_: web.Application) -> AsyncIterator[None]:
    say("set up")
    try:
        await asyncio.sleep(60)
        yield
    finally:
        say("torn down")


async def broken(_: web.Application) -> AsyncIterator[None]:
    raise ConnectionRefusedError("no database")
    yield


async def with_a_job_that_ends(_: web.Application) -> AsyncIterator[None]:
    async with background(job=asyncio.sleep(0.1)):
        yield
    say("torn down")


async def waiting(app: web.Application) -> AsyncIterator[None]:
    async def connect() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
        writer.close()

    await app[READINESS].needs("store", connect, lambda error: isinstance(error, OSError))
    say("set up")
    yield


LIFETIMES = {
    "steady": steady,
    "hanging": hanging,
    "broken": broken,
    "job": with_a_job_that_ends,
    "waiting": waiting,
}

if __name__ == "__main__":
    settings = load(ServiceSettings)
    configure_logging("program", settings.log_level)
    routes = [web.get("/who", who), web.get("/slow", slow), web.get("/events", events)]
    run(web_service(settings, name="program", routes=routes, lifetime=LIFETIMES[sys.argv[1]]), settings)
