"""What only PostgreSQL promises."""

import os
import secrets
import shutil
import tempfile
from pathlib import Path

import psutil
import pytest

from tools.devstack.failures import DevstackError
from tools.devstack.postgres_home import can_reach, remove_data, server_user
from tools.devstack.progress import silent
from tools.devstack.psql import create_database, drop_database, run_psql
from tools.devstack.servers.postgres import PostgresServer
from tools.devstack.servers.probes import pick_port


@pytest.fixture
def password():
    return secrets.token_hex(8)


@pytest.fixture
def other(postgres_url, unique):
    """The name of a second database, dropped after the test."""
    yield f"{unique}_b"
    drop_database(postgres_url, f"{unique}_b")


def test_role_owns_its_database(database_url):
    """The role may do in its own database what a migration does."""
    assert (
        run_psql(database_url, "CREATE TABLE t (n int); INSERT INTO t VALUES (7); SELECT n FROM t", {})
        == "7\n"
    )


def test_nobody_elses_database(postgres_url, database_url, other, password):
    """A role cannot connect to another role's database."""
    url = create_database(postgres_url, other, password)
    trespassing = url.rpartition("/")[0] + "/" + database_url.rpartition("/")[2]
    with pytest.raises(DevstackError, match="permission denied for database"):
        run_psql(trespassing, "SELECT 1", {})


def test_repeated_creation(postgres_url, other, password):
    """Made again, a database keeps its data, and the role gets the new password."""
    first = create_database(postgres_url, other, "old")
    run_psql(first, "CREATE TABLE kept (n int)", {})
    second = create_database(postgres_url, other, password)
    assert run_psql(second, "SELECT count(*) FROM kept", {}) == "0\n"
    with pytest.raises(DevstackError, match="password authentication failed"):
        run_psql(first, "SELECT 1", {})


def test_password_is_required(postgres_url):
    """There is no way in without a password, on loopback either."""
    address = postgres_url.rpartition("@")[2]
    with pytest.raises(DevstackError, match="password"):
        run_psql(f"postgresql://postgres:@{address}", "SELECT 1", {})


def test_name_is_quoted(postgres_url):
    """A name is taken as it is, whatever it contains."""
    name = 'a"; DROP TABLE x; --'
    create_database(postgres_url, name, "x")
    found = run_psql(postgres_url, "SELECT count(*) FROM pg_database WHERE datname = :'name'", {"name": name})
    drop_database(postgres_url, name)
    assert found == "1\n"


async def test_settings(start, data):
    """What the stack runs is durable, and has room for every service's pool."""
    server = PostgresServer(data, pick_port())
    await start(server)
    script = "SELECT current_setting('fsync'), current_setting('max_connections'), current_setting('jit')"
    assert run_psql(server.url, script, {}) == "on|200|off\n"


@pytest.fixture
def reachable():
    """A folder that every user can get to; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        remove_data(folder / "data")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change the user")
@pytest.mark.parametrize("mode", [0o755, 0o700], ids=["open", "closed"])
async def test_root_does_not_run_it(start, reachable, mode):
    """As root it runs under a user without rights; data where that user cannot get to lie outside."""
    data = reachable / "data"
    data.mkdir(mode=mode)
    server = PostgresServer(data, pick_port())
    process = await start(server)
    user = server_user()
    assert user is not None
    assert psutil.Process(process.pid).uids().real == user
    assert run_psql(server.url, "SELECT 1", {}) == "1\n"
    assert can_reach(data / "any name", user) == (mode == 0o755)
    assert (data / "cluster").is_symlink() == (mode == 0o700)
    await process.stop()


async def test_data_outside_go_with_the_folder(data):
    """What a data folder links to is removed with it, or when the next such link is made."""
    if server_user() is None:
        pytest.skip("only root's data lie outside")
    first, second, third = (data / name for name in ("first", "second", "third"))
    for folder in (first, second):
        await PostgresServer(folder, 1, durable=False).prepare(silent())
    outside = [(folder / "cluster").resolve() for folder in (first, second)]
    remove_data(first)
    assert not outside[0].exists()
    shutil.rmtree(second)
    assert outside[1].exists()
    await PostgresServer(third, 1, durable=False).prepare(silent())
    assert not outside[1].exists()
    remove_data(third)


async def test_foreign_settings_are_ignored(start, data, monkeypatch):
    """The user's own PGDATA, PGPORT and the like do not reach ours."""
    for name, value in {"PGDATA": "/nowhere", "PGPORT": "1", "PGOPTIONS": "-c jit=on", "PGUSER": "x"}.items():
        monkeypatch.setenv(name, value)
    server = PostgresServer(data, pick_port())
    await start(server)
    assert run_psql(server.url, "SELECT current_user", {}) == "postgres\n"
