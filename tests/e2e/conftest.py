"""The whole shop, once for all tests of a file's process."""

import aiohttp
import pytest

from e2e.running import running_up
from e2e.shopping import Customer


@pytest.fixture(scope="session")
def up():
    """A running `up` of all services, two of them orders."""
    with running_up() as up:
        up.start("--replicas", "orders=2")
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
