"""The script that makes a service's database on AWS, run on the real PostgreSQL by a role like Aurora's."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from real_postgres import own_postgres
from tools.devstack.failures import DevstackError
from tools.devstack.psql import run_psql

SCRIPT = Path("infra/pulumi/components/aws/service_database.sql")
# As the master of RDS: it may make roles and databases, and is no superuser.
MASTER = "CREATE ROLE master LOGIN CREATEROLE CREATEDB PASSWORD 'secret'"


@pytest.fixture
async def master_url(tmp_path: Path) -> AsyncIterator[str]:
    """A server of this test, as its master."""
    async with own_postgres(tmp_path) as server:
        superuser = server._server.url
        run_psql(superuser, MASTER, {})
        yield as_user(superuser, "master", "secret", "postgres")


def as_user(url: str, name: str, password: str, database: str) -> str:
    changed = make_url(url).set(username=name, password=password, database=database)
    return changed.render_as_string(hide_password=False)


def make(master_url: str, name: str, password: str, folder: Path) -> str:
    file = folder / name
    file.write_text(f"{password}\n")
    run_psql(master_url, SCRIPT.read_text(), {"name": name, "password_file": str(file)})
    return as_user(master_url, name, password, name)


async def test_a_service_owns_what_it_makes_and_sees_no_other(master_url: str, tmp_path: Path) -> None:
    """It makes tables and schemas in its database, and is let into no other."""
    passwords = {name: secrets.token_hex(8) for name in ("orders", "payments")}
    urls = {name: make(master_url, name, password, tmp_path) for name, password in passwords.items()}
    made = run_psql(urls["orders"], "CREATE TABLE t (n int); CREATE SCHEMA s; SELECT current_user;", {})
    assert made.strip() == "orders"
    for database in ("payments", "orders"):
        other = next(name for name in urls if name != database)
        with pytest.raises(DevstackError, match="permission denied for database"):
            run_psql(as_user(master_url, other, passwords[other], database), "SELECT 1", {})
    with pytest.raises(DevstackError, match="permission denied to create database"):
        run_psql(urls["orders"], "CREATE DATABASE mine", {})


async def test_it_is_repeated_for_a_new_password(master_url: str, tmp_path: Path) -> None:
    """A second run keeps the data, and the new password is the one that counts."""
    old = make(master_url, "orders", "old", tmp_path)
    run_psql(old, "CREATE TABLE t (n int); INSERT INTO t VALUES (7)", {})
    new = make(master_url, "orders", "new", tmp_path)
    assert run_psql(new, "SELECT n FROM t", {}).strip() == "7"
    with pytest.raises(DevstackError, match="password authentication failed"):
        run_psql(old, "SELECT 1", {})
