"""The whole shop, once for all tests of a file's process."""

import aiohttp
import pytest

from collecting import collecting
from e2e.running import running_up
from e2e.shopping import Customer


@pytest.fixture(scope="session")
def collector():
    """Where the spans of sampled traces come in."""
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="session")
def up(collector):
    """A running `up` of all services, two of them orders. Of new traces none is sampled."""
    with running_up() as up:
        settings = {"SEAWALL_OTLP_ENDPOINT": collector.endpoint, "SEAWALL_TRACE_SAMPLE_RATIO": "0"}
        up.start("--replicas", "orders=2", **settings)
        yield up


@pytest.fixture(scope="session")
def stack(up):
    """Where its parts are."""
    from tools.devstack.stack import Stack

    return Stack.find(up.data_dir)


@pytest.fixture
async def http():
    """A client."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def customer(stack, http):
    """Somebody who has just signed up."""
    return await Customer.sign_up(http, stack.gateway_url)
