"""Every server keeps the same promises, so one suite runs on all of them."""

import socket

import psutil
import pytest

from contract.devstack.clients import KafkaClient, PostgresClient, ValkeyClient
from tools.devstack.failures import PortInUse
from tools.devstack.servers.kafka import KafkaServer
from tools.devstack.servers.postgres import PostgresServer
from tools.devstack.servers.probes import pick_port
from tools.devstack.servers.valkey import ValkeyServer

KINDS = {
    "postgres": (PostgresServer, PostgresClient()),
    "valkey": (ValkeyServer, ValkeyClient()),
    "kafka": (KafkaServer, KafkaClient()),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def make(kind, data):
    """Servers of the kind, all on the same data."""

    def make(port=None):
        return KINDS[kind][0](data, port or pick_port())

    return make


@pytest.fixture
def client(kind):
    return KINDS[kind][1]


async def test_data_survives_a_restart(make, client, start, family, gone):
    """It answers, stops without leaving a process, and has its data when it starts again elsewhere."""
    server = make()
    process = await start(server)
    await client.write(server, "one")
    assert await server.is_ready()
    processes = family(process.pid)

    await process.stop()

    assert gone(processes)
    assert not await server.is_ready()
    again = make()
    await start(again)
    assert await client.read(again) == "one"


async def test_data_survives_kill_9(make, client, start, gone, family):
    """What was acknowledged is there after the process was killed."""
    server = make()
    process = await start(server)
    await client.write(server, "one")
    processes = family(process.pid)
    psutil.Process(process.pid).kill()
    await process.wait()
    assert gone(processes)

    again = make()
    await start(again)

    assert await client.read(again) == "one"


async def test_listens_on_loopback_only(make, start, family):
    """Nobody outside this machine can reach it."""
    process = await start(make())
    sockets = [s for member in family(process.pid) for s in member.net_connections() if s.status == "LISTEN"]
    assert sockets
    assert {s.laddr.ip.removeprefix("::ffff:") for s in sockets} == {"127.0.0.1"}


async def test_port_in_use(make, start):
    """A port that somebody else listens on is told in one line, and nothing is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = make(taken.getsockname()[1])
        with pytest.raises(PortInUse, match=f"^{server.name} cannot listen on {server.address}: ") as error:
            await start(server)
    assert "\n" not in str(error.value)
    assert start.processes == []


async def test_stranger_is_not_taken_for_it(make):
    """Somebody else who listens there does not count as ready."""
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        assert not await make(stranger.getsockname()[1]).is_ready()
