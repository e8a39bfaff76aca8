"""A database of one bench."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from tools.devstack.psql import create_database, drop_database


@contextmanager
def own_database(superuser_url: str) -> Iterator[str]:
    """Its URL; dropped at the end of the block."""
    name = f"bench_{secrets.token_hex(4)}"
    try:
        yield create_database(superuser_url, name, secrets.token_hex(8))
    finally:
        drop_database(superuser_url, name)
