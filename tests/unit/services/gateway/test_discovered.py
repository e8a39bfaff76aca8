"""Endpoints from a directory: those of all services, whenever one has changed."""

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError

from seawall.discovery import Endpoint as Found
from seawall.testing import until
from services.gateway.discovered import discovered
from services.gateway.endpoints import Endpoint
from services.gateway.settings import GatewaySettings

NAMES = {"orders": [Endpoint("orders.shop", 8080)], "catalog": [Endpoint("catalog.shop", 8080)]}


class Directory:
    """Tells what the test puts in, by name."""

    def __init__(self):
        self.queues: dict[str, asyncio.Queue[list[Found]]] = {}

    def resolver(self, name):
        queue: asyncio.Queue[list[Found]] = asyncio.Queue()
        self.queues[name.host] = queue
        queue.put_nowait([Found("10.0.0.1", name.port)])

        class Resolver:
            async def following(self):
                return await queue.get()

        return Resolver()


async def test_a_change_of_one_service_comes_with_all():
    """Envoy's endpoints are written whole."""
    directory = Directory()
    seen: list[Any] = []
    async with discovered(NAMES, directory.resolver) as found:
        one = [Endpoint("10.0.0.1", 8080)]
        assert found.endpoints == {"orders": one, "catalog": one}
        following = asyncio.create_task(found.follow(seen.append))
        directory.queues["orders.shop"].put_nowait([Found("10.0.0.2", 8080), Found("10.0.0.3", 8080)])
        await until(lambda: seen)
        two = [Endpoint("10.0.0.2", 8080), Endpoint("10.0.0.3", 8080)]
        assert seen == [{"orders": two, "catalog": one}]
        following.cancel()


async def test_no_names_are_no_work():
    """Where endpoints come from settings only, there is nothing to follow."""
    async with discovered({}) as found:
        await found.follow(lambda _: pytest.fail("nothing changes"))
        assert found.endpoints == {}


@pytest.mark.parametrize("wrong", [{"endpoints_dns": "orders=a:1+b:2"}, {"endpoints_dns": "orders="}])
def test_a_service_has_one_name(tmp_path, wrong):
    """Its instances are what the name resolves to."""
    with pytest.raises(ValidationError, match="one name"):
        GatewaySettings(xds_dir=tmp_path, **wrong)


def test_endpoints_move_by_one_source(tmp_path):
    """A file and DNS would overwrite each other."""
    with pytest.raises(ValidationError, match="not both"):
        GatewaySettings(xds_dir=tmp_path, endpoints_dns="orders=a:1", endpoints_path=tmp_path / "e")
