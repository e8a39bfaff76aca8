"""A database and a role for each service: nobody else can connect to it."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from seawall.sql import open_database


async def ensure_databases(superuser_url: str, passwords: Mapping[str, str]) -> None:
    """Makes what is missing of role and database per name; sets the passwords; closes them to everybody else."""
    async with open_database(superuser_url, pool_size=1, statement_timeout_seconds=30) as server:
        async with server.connection() as connection:
            for name, password in passwords.items():
                await _ensure(connection, name, password)


async def _ensure(connection: AsyncConnection, name: str, password: str) -> None:
    """Names are ours and passwords are URL-safe base64, so that quoting them as they are is safe."""
    roles = await connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name})
    verb = "ALTER" if roles.first() else "CREATE"
    await connection.execute(text(f"{verb} ROLE \"{name}\" LOGIN NOSUPERUSER PASSWORD '{password}'"))
    found = await connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name})
    if not found.first():
        await connection.execute(text(f'CREATE DATABASE "{name}" OWNER "{name}"'))
    await connection.execute(text(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC'))
