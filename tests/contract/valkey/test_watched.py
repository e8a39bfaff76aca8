"""A Valkey that is left alone while it is away."""

from functools import partial

import pytest
from redis.connection import parse_url

from seawall.resilience import CircuitOpen, ServerWatch
from seawall.testing import Cable, Fault, until
from seawall.valkey import CommandFailed, ValkeyUnavailable, open_valkey


@pytest.fixture
async def cable(valkey_url):
    parts = parse_url(valkey_url)
    async with Cable(parts["host"], parts["port"]) as laid:
        yield laid


@pytest.fixture
async def valkey(cable):
    watched = partial(ServerWatch, "valkey", probe_seconds=0.3)
    async with open_valkey(f"redis://127.0.0.1:{cable.port}", timeout_seconds=0.3, watched=watched) as opened:
        await opened.ping()
        yield opened


async def is_left_alone(valkey):
    try:
        await valkey.ping()
    except ValkeyUnavailable as error:
        return isinstance(error.__cause__, CircuitOpen)
    return False


async def is_well(valkey):
    try:
        await valkey.ping()
    except ValkeyUnavailable:
        return False
    return True


@pytest.mark.parametrize("fault", [Fault.DROPPING, Fault.SLOW, Fault.REFUSING, Fault.GONE])
async def test_while_it_is_away_no_caller_waits_for_it(valkey, cable, fault):
    """They hear it at once; and when it is back they are served, though nobody asked meanwhile."""
    async with cable.broken(fault):
        await until(lambda: is_left_alone(valkey), timeout_seconds=60)
    await until(lambda: is_well(valkey), timeout_seconds=60)


async def test_a_refused_command_is_no_outage(valkey):
    """The server answered: the next call is made."""
    for _ in range(3):
        with pytest.raises(CommandFailed):
            await valkey.execute("NOSUCHCOMMAND")
    await valkey.ping()
