"""Fixtures: real servers for every test that asks for one, shared by all test processes, gone when idle.

The devstack is imported by the fixtures that need it: a unit test does not pay for it.
"""

import os
import secrets
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def unique() -> str:
    """A name that no other test has: a prefix for keys, topics and the like; [a-z0-9_], 20 at most."""
    return f"t{uuid.uuid4().hex[:14]}"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The superuser's URL of the shared PostgreSQL."""
    yield from _shared("postgres")


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """The shared Valkey: begin your keys with `unique`."""
    yield from _shared("valkey")


@pytest.fixture(scope="session")
def kafka_url() -> Iterator[str]:
    """The shared Kafka: begin your topics and groups with `unique`."""
    yield from _shared("kafka")


@pytest.fixture
def database_url(postgres_url: str, unique: str) -> Iterator[str]:
    """A fresh database with a role of its own that owns it; dropped after the test.

    It is empty, unless SEAWALL_TEST_SCHEMA names a file of SQL: the schema of a newer release, on which
    `./pants migrations compat` tries this one.
    """
    from tools.devstack.psql import create_database, drop_database, run_psql

    try:
        url = create_database(postgres_url, unique, secrets.token_hex(8))
        if schema := os.environ.get("SEAWALL_TEST_SCHEMA"):
            run_psql(url, Path(schema).read_text(), {})
        yield url
    finally:
        drop_database(postgres_url, unique)


def _shared(name: str) -> Iterator[str]:
    from tools.devstack.shared import shared_server

    with shared_server(name) as url:
        yield url
