"""The workers of one service: whichever is asked for metrics or readiness tells of all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp
import msgspec
from aiohttp import hdrs, web

from seawall.web.exposition import merged

TIMEOUT = aiohttp.ClientTimeout(total=1.5)


class _Readiness(msgspec.Struct):
    reasons: dict[str, str]


@dataclass(frozen=True, slots=True)
class Crew:
    """`count` workers; each answers the others on a socket in `folder`, by its number.

    Their parent holds the other end of `lifeline`: it is readable when the parent has ended.
    """

    folder: Path
    number: int
    count: int
    lifeline: Connection

    @asynccontextmanager
    async def answering(self, health: web.Application) -> AsyncIterator[None]:
        """For the block the others hear from `health` how this worker is."""
        runner = web.AppRunner(health, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.UnixSite(runner, self._socket(self.number)).start()
            yield
        finally:
            await runner.cleanup()

    async def reasons(self) -> dict[str, str]:
        """Why the others should get no requests; one that does not answer is no worker to send any to."""
        found: dict[str, str] = {}
        for number, text in (await self._asked("/readyz", {})).items():
            reasons = msgspec.json.decode(text, type=_Readiness).reasons if text else {"process": "away"}
            found |= {f"worker {number}, {name}": reason for name, reason in reasons.items()}
        return found

    async def metrics(self, own: str, accept: str) -> str:
        """The exposition of all that answer, in the format of one's own."""
        others = await self._asked("/metrics", {hdrs.ACCEPT: accept})
        return merged({self.number: own} | {number: text for number, text in others.items() if text})

    async def _asked(self, path: str, headers: dict[str, str]) -> dict[int, str]:
        others = [number for number in range(self.count) if number != self.number]
        answers = await asyncio.gather(*(self._ask(number, path, headers) for number in others))
        return dict(zip(others, answers, strict=True))

    async def _ask(self, number: int, path: str, headers: dict[str, str]) -> str:
        connector = aiohttp.UnixConnector(self._socket(number))
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=TIMEOUT, headers=headers) as session,
                session.get(f"http://worker{path}") as answer,
            ):
                return await answer.text()
        except (aiohttp.ClientError, OSError, TimeoutError):
            return ""

    def _socket(self, number: int) -> str:
        return str(self.folder / f"{number}.sock")


CREW: web.AppKey[Crew] = web.AppKey("crew", Crew)
