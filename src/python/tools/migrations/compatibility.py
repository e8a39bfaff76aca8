"""The last release on the new schema: its own tests, run by its own code, on databases made by ours."""

import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from seawall.sql import upgrade
from tools.devstack.psql import create_database, drop_database, dump_database
from tools.devstack.shared import shared_server
from tools.migrations.repository import Unable, export, migrations_of

# Which of a service's tests work on its database. They take it from the fixture `database_url`.
TESTS = ("tests/contract", "tests/integration")
SCHEMA_VARIABLE = "SEAWALL_TEST_SCHEMA"
ROOTS = ("src/python", "src/python/libs", "protos", "tests")
AT_ONCE = 3
_PYTEST_NO_TESTS = 5


@dataclass(frozen=True)
class Result:
    """How the last release of a service fared: None, if it had no tests."""

    service: str
    passed: bool | None
    output: str


def check(root: Path, release: str, services: Sequence[str] = ()) -> Iterator[Result]:
    """Runs the tests of each service, as they were at `release`, on the schema of the working tree.

    Only expand is applied: this is what an old replica meets during a deployment. Several services at once:
    their tests wait for servers more than they work. Raises Unable.
    """
    ours = migrations_of(root)
    if unknown := sorted(set(services) - ours.keys()):
        raise Unable(f"{unknown[0]} has no migrations")
    names = list(services or ours)
    with tempfile.TemporaryDirectory(prefix="seawall-release-") as folder, shared_server("postgres") as url:
        old = Path(folder)
        export(root, release, old)
        # Not in the threads: Alembic's migrations share their context.
        schemas = [_schema(url, ours[name], old / f"{name}.sql") for name in names]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from pool.map(partial(_run, old), names, schemas)


def _schema(superuser_url: str, migrations: Path, file: Path) -> Path:
    """Writes the SQL that makes the new schema, with what the migrations put into it."""
    name = f"schema_{secrets.token_hex(6)}"
    try:
        url = create_database(superuser_url, name, secrets.token_hex(8))
        asyncio.run(upgrade(url, migrations))
        file.write_text(dump_database(url))
        return file
    finally:
        drop_database(superuser_url, name)


def _run(old: Path, service: str, schema: Path) -> Result:
    folders = [f"{tests}/{service}" for tests in TESTS if (old / tests / service).is_dir()]
    if not folders:
        return Result(service, None, "")
    # The release's own modules come first; what it does not have, such as pytest, is ours.
    path = [str(old / folder) for folder in ROOTS] + [entry for entry in sys.path if entry]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *folders],
        cwd=old,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path), SCHEMA_VARIABLE: str(schema)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = None if done.returncode == _PYTEST_NO_TESTS else done.returncode == 0
    return Result(service, passed, done.stdout)
