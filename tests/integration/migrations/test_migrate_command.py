"""`python -m services.orders migrate`: the schema of a service, changed by a Job."""

import os
import subprocess
import sys

import asyncpg
import pytest

from seawall.testing import free_port

WAIT_SECONDS = 120


def migrate(database_url, *arguments):
    settings = {
        "SEAWALL_DATABASE_URL": database_url,
        "SEAWALL_BROKER_URL": "kafka://127.0.0.1:1",
        "SEAWALL_INVENTORY_TARGET": "127.0.0.1:1",
    }
    return subprocess.run(
        [sys.executable, "-m", "services.orders", *arguments],
        env={"PYTHONPATH": os.pathsep.join(sys.path)} | settings,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )


async def tables(database_url):
    connection = await asyncpg.connect(database_url)
    try:
        return {row[0] for row in await connection.fetch("SELECT tablename FROM pg_tables")}
    finally:
        await connection.close()


async def test_it_makes_the_schema_and_ends(database_url):
    """With 0, without Kafka or anything but the database; again, it finds all done."""
    for arguments in (["migrate"], ["migrate"], ["migrate", "--contract"]):
        done = migrate(database_url, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "orders" in await tables(database_url)


def test_without_a_database_it_fails_in_one_line():
    """So that the Job is tried again."""
    done = migrate(f"postgresql://nobody:x@127.0.0.1:{free_port()}/none", "migrate")
    assert (done.returncode, done.stdout.count("\n")) == (1, 1)
    assert "the schema was not changed" in done.stdout


@pytest.mark.parametrize("arguments", [["migrat"], ["migrate", "--contracts"]])
def test_other_arguments_are_refused(arguments):
    """A service is not started by a mistake."""
    done = migrate("postgresql://a:b@127.0.0.1:1/c", *arguments)
    assert done.returncode == 2
    assert "migrate" in done.stderr
