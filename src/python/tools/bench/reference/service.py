"""What the three services share: a pool of database connections, and one of HTTP connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

import aiohttp
from fastapi import Depends, FastAPI, Request
from sqlalchemy import MetaData, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tools.bench.reference.settings import Settings


@dataclass(frozen=True)
class Resources:
    """What a request may use."""

    settings: Settings
    engine: AsyncEngine
    http: aiohttp.ClientSession


def _resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


Uses = Annotated[Resources, Depends(_resources)]


def service(title: str) -> FastAPI:
    """An application with its pools, and /readyz."""
    app = FastAPI(title=title, lifespan=_lifespan, openapi_url=None)

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    return app


async def create_tables(settings: Settings, metadata: MetaData) -> None:
    """Makes the service's tables, once, before any of its processes serves."""
    engine = _engine(settings)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = Settings()
    engine = _engine(settings)
    timeout = aiohttp.ClientTimeout(total=settings.call_timeout_seconds)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        app.state.resources = Resources(settings, engine, http)
        yield
    await engine.dispose()


def _engine(settings: Settings) -> AsyncEngine:
    url = make_url(settings.database_url).set(drivername="postgresql+asyncpg")
    return create_async_engine(url, pool_size=settings.pool_size, max_overflow=settings.max_overflow)
