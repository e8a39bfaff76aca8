"""One database of one service."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool, QueuePool

from seawall.resilience import ServerWatch
from seawall.sql.outage import is_outage
from seawall.sql.pool_use import PoolUse
from seawall.sql.time_limit import in_time, is_worth_a_limit, nearer_deadline
from seawall.sql.tls import without_tls

STATEMENT_TIMEOUT_SECONDS = 5.0

LISTENER_IDLE_SECONDS = 5.0
# How long somebody who was cut off waits for the connection to be taken back, which goes on.
CLOSE_SECONDS = 0.25


class Database:
    """A pool of connections. What a block leaves by an exception or by cancellation is rolled back.

    Raises sqlalchemy.exc.SQLAlchemyError, and OSError where no connection can be made. Under a deadline
    that is nearer than the limit of a statement both kinds of block end by it, with DeadlineExceeded.
    While the server does not answer they are refused with CircuitOpen, and what is under way is cut off with
    ServerSilent: see `ServerWatch`.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        connect_args: Mapping[str, Any],
        use: PoolUse,
        statement_timeout_seconds: float = STATEMENT_TIMEOUT_SECONDS,
    ) -> None:
        self._engine = engine
        self._connect_args = dict(connect_args)
        self._use = use
        self._statement_timeout_seconds = statement_timeout_seconds
        self._closings: set[asyncio.Future[None]] = set()
        self._watch = ServerWatch("postgres", self._probe, is_outage=is_outage, is_answer=_is_answer)

    @property
    def engine(self) -> AsyncEngine:
        """The engine below, for what this class does not offer."""
        return self._engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose work is committed when the block ends, and rolled back when it raises."""
        deadline = nearer_deadline(self._statement_timeout_seconds)
        block = self._begun()
        if deadline is not None:
            limited = is_worth_a_limit(deadline, self._statement_timeout_seconds)
            block = in_time(deadline, block, limited=limited)
        async with block as connection:
            yield connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A connection on which each statement is a transaction of its own: for reads.

        Under a deadline that is much nearer than the limit of a statement they are one transaction,
        which carries that limit.
        """
        deadline = nearer_deadline(self._statement_timeout_seconds)
        if deadline is None:
            block = self._autocommit()
        elif is_worth_a_limit(deadline, self._statement_timeout_seconds):
            block = in_time(deadline, self._begun(), limited=True)
        else:
            block = in_time(deadline, self._autocommit(), limited=False)
        async with block as connection:
            yield connection

    def check(self) -> None:
        """Raises CircuitOpen while the server is known to be away: spares a caller the wait in a queue."""
        self._watch.check()

    async def ping(self) -> None:
        """Returns when the server answers a query."""
        async with self.connection() as connection:
            await connection.execute(text("SELECT 1"))

    @asynccontextmanager
    async def listening(
        self, channel: str, notified: Callable[[], None], *, idle_seconds: float = LISTENER_IDLE_SECONDS
    ) -> AsyncIterator[AsyncConnection]:
        """A connection outside the pool, for the length of a block, that hears a channel's NOTIFY.

        Each statement is a transaction of its own. Locks of the session are released with the block, or
        by the server after `idle_seconds` without a statement: a process that is stopped blocks nobody.
        `notified` is called in the event loop.
        """
        idle = {"idle_session_timeout": str(round(idle_seconds * 1000))}
        async with self._watch.listening(), self._apart(idle) as opened:
            connection = await opened.execution_options(isolation_level="AUTOCOMMIT")
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None  # noqa: S101
            await driver.add_listener(channel, lambda *_: notified())
            yield connection

    async def close(self) -> None:
        """Closes what is idle; connections in use are closed when their blocks end."""
        self._use.close()
        await self._watch.close()
        await asyncio.shield(asyncio.ensure_future(self._engine.dispose()))

    async def _probe(self) -> None:
        async with self._apart({}) as connection:
            await connection.execute(text("SELECT 1"))

    @asynccontextmanager
    async def _apart(self, server_settings: Mapping[str, str]) -> AsyncIterator[AsyncConnection]:
        settings = {**self._connect_args["server_settings"], **server_settings}
        connect_args = self._connect_args | {"server_settings": settings}
        engine = create_async_engine(self._engine.url, poolclass=NullPool, connect_args=connect_args)
        async with self._closed_after(await engine.connect()) as connection:
            yield connection

    @asynccontextmanager
    async def _autocommit(self) -> AsyncIterator[AsyncConnection]:
        async with self._watch.block(), self._pooled() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[AsyncConnection]:
        async with self._watch.block(), self._pooled() as connection:
            transaction = await connection.begin()
            try:
                yield connection
            except asyncio.CancelledError:
                raise  # closing rolls back, and is not waited for
            except BaseException:
                await transaction.rollback()
                raise
            if transaction.is_active:  # the block may have committed it
                await transaction.commit()

    @asynccontextmanager
    async def _pooled(self) -> AsyncIterator[AsyncConnection]:
        async with self._closed_after(await self._use.taken(self._engine.connect())) as connection:
            yield connection

    @asynccontextmanager
    async def _closed_after(self, connection: AsyncConnection) -> AsyncIterator[AsyncConnection]:
        cut_off = False
        try:
            yield connection
        except asyncio.CancelledError:
            cut_off = True
            raise
        finally:
            # A cancelled caller must not leave its connection half closed: the pool would leak it. Nor
            # may a server that is slow to roll back keep the caller beyond its deadline.
            closing = asyncio.ensure_future(connection.close())
            await (self._close_in_time(closing) if cut_off else asyncio.shield(closing))

    async def _close_in_time(self, closing: "asyncio.Future[None]") -> None:
        self._closings.add(closing)
        closing.add_done_callback(self._closed)
        await asyncio.wait((closing,), timeout=CLOSE_SECONDS)

    def _closed(self, closing: "asyncio.Future[None]") -> None:
        self._closings.discard(closing)
        if not closing.cancelled():
            closing.exception()  # the pool has dropped a connection that cannot be closed


def _is_answer(error: Exception) -> bool:
    return isinstance(error, DBAPIError)  # a refused statement


@asynccontextmanager
async def open_database(
    url: str, *, pool_size: int = 5, statement_timeout_seconds: float = STATEMENT_TIMEOUT_SECONDS
) -> AsyncIterator[Database]:
    """A pool for `postgresql://user:password@host:port/database`. Connects at first use.

    `?sslmode=verify-full&sslrootcert=FILE` goes by TLS: see `without_tls`.
    At most `pool_size` connections; a caller waits up to 5 s for one. The server ends a statement
    after `statement_timeout_seconds`, and a transaction that idles for as long: the locks of a process
    that is stopped are free then.
    """
    address, tls = driver_url(url)
    connect_args = {
        **tls,
        "timeout": 5.0,
        "server_settings": {
            # Tells the replicas of a service apart in pg_stat_activity.
            "application_name": f"{address.username or 'seawall'}:{os.getpid()}",
            "statement_timeout": str(round(statement_timeout_seconds * 1000)),
            "idle_in_transaction_session_timeout": str(round(statement_timeout_seconds * 1000)),
            # A plan that was prepared while its table was empty would scan it whole when it has grown.
            "enable_seqscan": "off",
        },
    }
    engine = create_async_engine(
        address,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5.0,
        pool_use_lifo=True,
        connect_args=connect_args,
    )
    pool = engine.pool
    assert isinstance(pool, QueuePool)  # noqa: S101
    use = PoolUse(pool_size, pool.checkedout)
    database = Database(engine, connect_args, use, statement_timeout_seconds)
    try:
        yield database
    finally:
        await database.close()


def driver_url(url: str) -> tuple[URL, dict[str, Any]]:
    """The URL with the driver that this lib owns, and how that driver is told of TLS."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql":
        raise ValueError(f"a database URL starts with postgresql://, not {parsed.drivername}://")
    return without_tls(parsed.set(drivername="postgresql+asyncpg"))
