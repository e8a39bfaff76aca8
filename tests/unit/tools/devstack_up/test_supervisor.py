"""Units start in the order of their needs, are started again when they die, and stop in reverse."""

import asyncio
from dataclasses import replace

import pytest

from seawall.testing import until
from tools.devstack.failures import StartFailed
from tools.devstack.supervisor import Supervisor
from unit.tools.devstack_up.fakes import World


@pytest.fixture
def world():
    return World()


async def prepare(server):
    await server.prepare(None)


async def test_a_unit_starts_when_what_it_needs_is_ready(world):
    """Nothing is launched before its needs are ready, whatever order they are listed in."""
    units = [
        world.unit("orders", "kafka", "inventory"),
        world.unit("inventory", "kafka"),
        world.unit("kafka"),
    ]
    await Supervisor(units, world.spawn, world.watcher).start(prepare)
    assert [event for event in world.events if event.startswith(("start", "ready"))] == [
        "start kafka", "ready kafka", "start inventory", "ready inventory", "start orders", "ready orders",
    ]  # fmt: skip


async def test_units_without_common_needs_start_side_by_side(world):
    """A slow server does not hold up who does not need it."""
    slow = {"ready": False}
    units = [world.unit("kafka", ready=lambda: slow["ready"]), world.unit("postgres")]
    start = asyncio.create_task(Supervisor(units, world.spawn, world.watcher).start(prepare))
    await until(lambda: "ready postgres" in world.events)
    assert "ready kafka" not in world.events
    slow["ready"] = True
    await start


async def test_units_stop_in_the_reverse_order(world):
    """Whoever needs another is stopped before it."""
    units = [
        world.unit("kafka"),
        world.unit("inventory", "kafka"),
        world.unit("orders", "kafka", "inventory"),
    ]
    supervisor = Supervisor(units, world.spawn, world.watcher)
    await supervisor.start(prepare)
    await supervisor.stop()
    stops = [event for event in world.events if event.startswith("stopped")]
    assert stops == ["stopped orders", "stopped inventory", "stopped kafka"]


async def test_the_edge_stops_before_those_it_leads_to(world):
    """Although it starts without waiting for them."""
    edge = replace(world.unit("gateway"), stops_before=("orders",))
    supervisor = Supervisor([world.unit("orders"), edge], world.spawn, world.watcher)
    await supervisor.start(prepare)
    await supervisor.stop()
    assert world.events.index("stopped gateway") < world.events.index("stop orders")


async def test_the_first_failure_is_raised_as_it_is(world):
    """One clear error, not a group; those who wait for the failed one never start."""
    units = [world.unit("kafka", fault="no jars"), world.unit("orders", "kafka")]
    supervisor = Supervisor(units, world.spawn, world.watcher)
    with pytest.raises(StartFailed, match=r"^no jars$"):
        await supervisor.start(prepare)
    await supervisor.stop()
    assert "start orders" not in world.events


async def test_a_process_that_ends_while_starting_is_an_error_with_its_last_words(world):
    """The user sees why without opening a log, and where the log is."""
    world.stillborn.add("orders")
    units = [world.unit("orders", ready=lambda: False)]
    with pytest.raises(StartFailed, match=r"orders ended with .*3.*last words.*orders.log"):
        await Supervisor(units, world.spawn, world.watcher).start(prepare)


async def test_what_had_started_is_stopped_after_a_failure(world):
    """stop() after a failed start leaves nothing."""
    units = [world.unit("postgres"), world.unit("kafka", "postgres", fault="no jars")]
    supervisor = Supervisor(units, world.spawn, world.watcher)
    with pytest.raises(StartFailed):
        await supervisor.start(prepare)
    await supervisor.stop()
    assert not world.processes["postgres"].alive


async def test_a_dead_unit_is_reported_and_started_again(world):
    """With a pause before it."""
    supervisor = Supervisor([world.unit("orders")], world.spawn, world.watcher)
    await supervisor.start(prepare)
    first = world.processes["orders"]
    first.die(-9)
    await until(lambda: world.events.count("ready orders") == 2)
    assert "died orders -9 0.5" in world.events
    assert world.processes["orders"] is not first
    await supervisor.stop()


async def test_a_cancelled_stop_still_leaves_nothing(world):
    """A second Ctrl-C does not wait for the order, forgets nobody, and tells of nobody twice."""
    units = [world.unit("kafka"), world.unit("orders", "kafka"), world.unit("storefront")]
    supervisor = Supervisor(units, world.spawn, world.watcher)
    await supervisor.start(prepare)
    world.processes["orders"].slow = True
    stop = asyncio.create_task(supervisor.stop())
    await until(lambda: {"stop orders", "stopped storefront"} <= set(world.events))
    stop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stop
    assert not any(process.alive for process in world.processes.values())
    stops = [event for event in world.events if event.startswith("stopped")]
    assert sorted(stops) == ["stopped kafka", "stopped orders", "stopped storefront"]


async def test_the_pause_grows_while_a_unit_keeps_dying(world):
    """A unit that cannot live does not take the machine."""
    supervisor = Supervisor([world.unit("orders", ready=lambda: "orders" not in world.stillborn)],
                            world.spawn, world.watcher)  # fmt: skip
    await supervisor.start(prepare)
    world.stillborn.add("orders")
    world.processes["orders"].die(1)
    await until(lambda: "died orders 3 1" in world.events)
    assert "failed orders" in world.events
    await supervisor.stop()
