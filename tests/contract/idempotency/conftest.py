"""A service with one operation that may be repeated, on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import text

from seawall.idempotency import Answer, create_idempotency_keys, keyed, once
from seawall.settings import ServiceSettings
from seawall.sql import Database, open_database
from seawall.web import customer_id, operation, web_service

URL, OTHER_URL = "/v1/notes", "/v1/letters"


async def nothing() -> None:
    """What happens in the middle of the work, as a rule."""


@dataclass
class Notes:
    """Writes a note for each request that is not a repetition."""

    database: Database
    lifetime_seconds: float = 3_600.0
    meanwhile: Callable[[], Awaitable[None]] = nothing
    started: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, request: web.Request) -> web.Response:
        asked = await keyed(request, customer_id(request))

        async with self.database.transaction() as connection:

            async def work() -> Answer:
                note = text("INSERT INTO notes (note) VALUES (:note) RETURNING id")
                number = (
                    await connection.execute(note, {"note": (await request.read()).decode()})
                ).scalar_one()
                self.started.set()
                await self.meanwhile()
                return Answer.json({"number": number}, status=201, headers={"Location": f"{URL}/{number}"})

            answer = await once(connection, asked, work, lifetime_seconds=self.lifetime_seconds)
        return answer.response()

    async def count(self) -> int:
        async with self.database.connection() as connection:
            return int((await connection.execute(text("SELECT count(*) FROM notes"))).scalar_one())


@pytest.fixture
async def notes(database_url: str) -> AsyncIterator[Notes]:
    async with open_database(database_url, pool_size=12) as database:
        async with database.transaction() as connection:
            await connection.execute(
                text("CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY, note text)")
            )
            await connection.run_sync(
                lambda core: create_idempotency_keys(Operations(MigrationContext.configure(core)))
            )
        yield Notes(database)


@dataclass
class Caller:
    """Sends notes."""

    client: "TestClient[web.Request, web.Application]"

    async def send(
        self, key: str, note: str = "one", *, customer: str = "ann", url: str = URL
    ) -> ClientResponse:
        headers = {"Idempotency-Key": key, "x-customer-id": customer}
        return await self.client.post(url, data=note, headers=headers)


@pytest.fixture
async def caller(notes: Notes) -> AsyncIterator[Caller]:
    write = operation(summary="Write", responses={201: None}, idempotent=True)(_handler(notes))
    routes = [web.post(URL, write), web.post(OTHER_URL, write)]
    app = web_service(ServiceSettings(), name="notes", routes=routes)
    async with TestClient(TestServer(app)) as client:
        yield Caller(client)


def _handler(notes: Notes) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def write(request: web.Request) -> web.Response:
        return await notes.write(request)

    return write
