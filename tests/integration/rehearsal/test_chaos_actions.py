"""What chaos does to real processes, and to the provider."""

import asyncio
import subprocess
import sys

import aiohttp
import msgspec
import psutil
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from seawall.testing import until
from services.psp_simulator.behaviour import DEFAULT, Behaviour
from tools.devstack.process import ProcessId
from tools.devstack.stack import Stack
from tools.rehearsal.chaos.actions import StackActions
from tools.rehearsal.chaos.executor import SkippedError
from tools.rehearsal.chaos.faults import PROVIDER, Fault, Kind


class World:
    """Processes by name, a provider that remembers its orders, a service that answers /readyz."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.pids: dict[str, int] = {}
        self.orders: list[dict[str, object]] = []
        self.children: list[subprocess.Popen[bytes]] = []

    def start(self, name: str) -> psutil.Process:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        self.children.append(child)
        self.pids[name] = child.pid
        return psutil.Process(child.pid)

    def reap(self) -> None:
        for child in self.children:
            child.poll()

    async def behave(self, request: web.Request) -> web.Response:
        self.orders.append(await request.json())
        return web.json_response({})

    async def ready(self, request: web.Request) -> web.Response:
        return web.Response()


@pytest.fixture
async def world(tmp_path):
    """Nothing of it is left afterwards, stopped or not."""
    world = World(tmp_path)
    yield world
    for child in world.children:
        child.kill()
        child.wait()


@pytest.fixture
async def actions(world):
    """On the world."""
    app = web.Application()
    app.add_routes([web.put("/v1/behaviour", world.behave), web.get("/readyz", world.ready)])
    async with TestServer(app) as server:
        url = f"http://127.0.0.1:{server.port}"
        stack = Stack(ProcessId(1, 0.0), 0.0, services={"orders": [url, url]})
        async with aiohttp.ClientSession(url) as provider:
            yield StackActions(lambda: world.pids, stack, world.folder, provider)


async def test_a_killed_process_is_over_once_its_successor_answers(world, actions):
    """Neither while the dead one is still listed, nor while there is none."""
    fault = Fault(0, Kind.KILL, "orders-2")
    process = world.start("orders-2")
    await actions.begin(fault)
    await until(lambda: world.reap() or not process.is_running())
    over = asyncio.create_task(actions.recovered(fault))
    await asyncio.sleep(0.3)
    assert not over.done()
    world.start("orders-2")
    await over


async def test_a_paused_process_goes_on_at_the_end(world, actions):
    """Stopped as a whole, and continued."""
    fault = Fault(0, Kind.PAUSE, "orders", 15)
    process = world.start("orders")
    await actions.begin(fault)
    await until(lambda: process.status() == psutil.STATUS_STOPPED)
    await actions.end(fault)
    await until(lambda: process.status() != psutil.STATUS_STOPPED)
    await actions.recovered(fault)


async def test_healing_continues_what_is_paused_and_resets_the_provider(world, actions):
    """Whatever the plan had still in mind."""
    process = world.start("orders")
    await actions.begin(Fault(0, Kind.PAUSE, "orders", 15))
    await until(lambda: process.status() == psutil.STATUS_STOPPED)
    await actions.heal()
    await until(lambda: process.status() != psutil.STATUS_STOPPED)
    assert world.orders == [{}]


async def test_what_is_down_already_is_skipped(world, actions):
    """Not started yet, or dead and not yet told."""
    with pytest.raises(SkippedError, match="down"):
        await actions.begin(Fault(0, Kind.KILL, "orders"))
    world.start("orders").kill()
    world.children[0].wait()
    with pytest.raises(SkippedError, match="down"):
        await actions.begin(Fault(0, Kind.KILL, "orders"))


async def test_a_wiped_valkey_finds_nothing_when_it_starts_again(world, actions):
    """Its files are gone before it is killed."""
    (world.folder / "appendonlydir").mkdir()
    (world.folder / "appendonlydir" / "appendonly.aof").write_text("data")
    process = world.start("valkey")
    await actions.begin(Fault(0, Kind.WIPE, "valkey"))
    await until(lambda: world.reap() or not process.is_running())
    assert list(world.folder.iterdir()) == []


@pytest.mark.parametrize("kind", [Kind.SLOW, Kind.FAILING, Kind.HANGING, Kind.HANGING_CHARGED])
async def test_the_provider_is_told_how_to_behave_and_to_behave_again(world, actions, kind):
    """In words that it understands; its own default is the end of each mood."""
    fault = Fault(0, kind, PROVIDER, 5)
    await actions.begin(fault)
    await actions.end(fault)
    await actions.recovered(fault)
    assert len(world.orders) == 2
    assert msgspec.convert(world.orders[0], Behaviour) != DEFAULT
    assert world.orders[1] == {}
