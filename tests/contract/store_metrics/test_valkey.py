"""Valkey's exporter tells what dashboards and alerts read, and says when it cannot ask."""

import json

import pytest

from contract.store_metrics.exporters import (
    MEMORY_BYTES,
    PASSWORD,
    REDIS_EXPORTER,
    kinds,
    read_by_queries,
    valkey_exporter,
    value,
)

pytestmark = pytest.mark.skipif(
    REDIS_EXPORTER is None, reason="there is no redis_exporter here: .ci/redis-exporter FOLDER builds it"
)


async def test_it_tells_what_is_read(tmp_path):
    """Each name, as a counter or a gauge; it has the password from a file."""
    async with valkey_exporter(tmp_path, json.dumps({"{address}": PASSWORD})) as told:
        own = kinds(told)
        assert {name: own.get(name) for name in read_by_queries("valkey")} == read_by_queries("valkey")
        assert value(told, "redis_up") == 1
        assert value(told, "redis_memory_max_bytes") == MEMORY_BYTES
        assert 0 < value(told, "redis_memory_used_bytes") < MEMORY_BYTES


async def test_it_says_that_it_is_not_let_in(tmp_path):
    """A wrong password: up is 0, on which StoreUnwatched fires."""
    async with valkey_exporter(tmp_path, json.dumps({"{address}": "wrong"})) as told:
        assert value(told, "redis_up") == 0
