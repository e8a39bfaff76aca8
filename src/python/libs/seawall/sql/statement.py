"""A statement straight to the driver, in the transaction of a connection of SQLAlchemy's."""

import re
from collections.abc import Mapping
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

Row = asyncpg.Record

_PARAMETER = re.compile(r"(?<!:):([a-z_]+)")


class Statement:
    """One of the few statements that run for every order: a fourth of the CPU of `execute(text(...))`.

    Parameters are written `:name`. It belongs to the connection's transaction like any other statement, and
    raises the same sqlalchemy.exc.DBAPIError.
    """

    def __init__(self, sql: str) -> None:
        self._names = tuple(dict.fromkeys(_PARAMETER.findall(sql)))
        numbers = {name: f"${number}" for number, name in enumerate(self._names, 1)}
        self.sql = _PARAMETER.sub(lambda match: numbers[match[1]], sql)

    async def fetch(self, connection: AsyncConnection, parameters: Mapping[str, object]) -> list[Row]:
        """The rows, whose columns are read by name: row["column"]."""
        core = connection.sync_connection
        if core is None or core.invalidated:
            # Not open, or its server is gone: SQLAlchemy says so in its own words.
            await connection.exec_driver_sql("SELECT 1")
            raise RuntimeError("a connection came back by itself")
        adapter: Any = core.connection.dbapi_connection
        try:
            if adapter._transaction is None:
                await adapter._start_transaction()
            arguments = [parameters[name] for name in self._names]
            rows: list[Row] = await adapter._connection.fetch(self.sql, *arguments)
        except Exception as error:
            # SQLAlchemy's own handler: it translates, and empties the pool when the server is gone.
            fault = _of_dbapi(adapter, error)
            handle: Any = lambda core: core._handle_dbapi_exception(fault, self.sql, (), None, None)  # noqa: E731
            await connection.run_sync(handle)
            raise
        return rows


def _of_dbapi(adapter: Any, error: Exception) -> Exception:
    if isinstance(error, asyncpg.InternalClientError):
        # Broken off in the middle of its protocol: there is no way to go on with this connection.
        adapter._connection.terminate()
        lost: Exception = adapter.dbapi.InterfaceError(str(error))
        return lost
    try:
        adapter._handle_exception(error)
    except Exception as translated:
        return translated
    return error
