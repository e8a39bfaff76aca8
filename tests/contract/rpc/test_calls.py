"""gRPC over the loopback interface: real servers and channels, in one process."""

import asyncio
import contextlib

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from seawall.resilience import (
    HOP_SECONDS,
    DeadlineExceeded,
    bind_attempt,
    bind_deadline,
    current_attempt,
    current_deadline,
)
from seawall.rpc import connect, serve_grpc
from seawall.telemetry import (
    bind_correlation_id,
    bind_traceparent,
    current_correlation_id,
    current_traceparent,
)
from seawall.testing import until
from shop.inventory.v1 import inventory_pb2, inventory_pb2_grpc

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Inventory(inventory_pb2_grpc.InventoryServicer):
    """Remembers the ids of each call, and may hold calls until told to go on."""

    def __init__(self):
        self.correlation_ids = []
        self.traceparents = []
        self.seconds = []
        self.attempts = []
        self.fault = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def HoldMany(self, request, context):
        self.correlation_ids.append(current_correlation_id())
        self.traceparents.append(current_traceparent())
        self.attempts.append(current_attempt())
        deadline = current_deadline()
        self.seconds.append(deadline and deadline.remaining_seconds())
        if self.fault:
            raise self.fault
        await self.may_answer.wait()
        return inventory_pb2.HoldManyResponse()

    def register(self, server):
        inventory_pb2_grpc.add_InventoryServicer_to_server(self, server)


async def hold(channel, **options):
    return await inventory_pb2_grpc.InventoryStub(channel).HoldMany(
        inventory_pb2.HoldManyRequest(), **options
    )


@contextlib.asynccontextmanager
async def served(inventory, **options):
    async with (
        serve_grpc("127.0.0.1", 0, inventory.register, **options) as port,
        connect(f"127.0.0.1:{port}") as channel,
    ):
        yield channel


async def test_the_correlation_id_travels_with_the_call():
    """The handler runs under the caller's correlation id."""
    inventory = Inventory()
    async with served(inventory) as channel:
        with bind_correlation_id("flash-1"):
            await hold(channel)
    assert inventory.correlation_ids == ["flash-1"]


async def test_the_trace_travels_with_the_call():
    """One that comes without begins a new one; what the caller's metadata says counts."""
    inventory = Inventory()
    async with served(inventory) as channel:
        with bind_traceparent(TRACEPARENT):
            await hold(channel)
        await hold(channel)
        await hold(channel, metadata=[("traceparent", TRACEPARENT)])
    first, second, third = inventory.traceparents
    assert first == third == TRACEPARENT
    assert second not in (TRACEPARENT, None)


async def test_a_call_without_a_correlation_id_gets_a_new_one():
    """Each call that comes with none is given its own."""
    inventory = Inventory()
    async with served(inventory) as channel:
        await hold(channel)
        await hold(channel)
    first, second = inventory.correlation_ids
    assert first
    assert second
    assert first != second


async def test_calls_are_spread_over_all_addresses():
    """Two replicas get about half of the calls each."""
    replicas = [Inventory(), Inventory()]
    async with (
        serve_grpc("127.0.0.1", 0, replicas[0].register) as first,
        serve_grpc("127.0.0.1", 0, replicas[1].register) as second,
        connect(f"127.0.0.1:{first},127.0.0.1:{second}") as channel,
    ):
        await until(lambda: both_called(replicas, channel))
        before = [len(replica.correlation_ids) for replica in replicas]
        for _ in range(10):
            await hold(channel)
    assert [
        len(replica.correlation_ids) - calls for replica, calls in zip(replicas, before, strict=True)
    ] == [5, 5]


async def both_called(replicas, channel):
    await hold(channel)
    return all(replica.correlation_ids for replica in replicas)


async def test_a_lost_replica_is_left_out():
    """After one replica has stopped, calls go to the other without an error."""
    replicas = [Inventory(), Inventory()]
    async with contextlib.AsyncExitStack() as stack:
        leaving = contextlib.AsyncExitStack()
        first = await leaving.enter_async_context(serve_grpc("127.0.0.1", 0, replicas[0].register))
        second = await stack.enter_async_context(serve_grpc("127.0.0.1", 0, replicas[1].register))
        channel = await stack.enter_async_context(connect(f"127.0.0.1:{first},127.0.0.1:{second}"))
        await until(lambda: both_called(replicas, channel))
        await leaving.aclose()
        for _ in range(6):
            await hold(channel)


async def test_a_call_in_progress_finishes_while_the_server_stops():
    """Stopping waits for calls in progress, within drain_seconds."""
    inventory = Inventory()
    inventory.may_answer.clear()
    async with contextlib.AsyncExitStack() as serving:
        port = await serving.enter_async_context(
            serve_grpc("127.0.0.1", 0, inventory.register, drain_seconds=5.0)
        )
        async with connect(f"127.0.0.1:{port}") as channel:
            call = asyncio.create_task(hold(channel))
            await until(lambda: inventory.correlation_ids)
            stopping = asyncio.create_task(serving.aclose())
            await asyncio.sleep(0.05)
            assert not stopping.done()
            inventory.may_answer.set()
            assert await call == inventory_pb2.HoldManyResponse()
            await stopping


async def test_the_server_is_healthy():
    """The standard health service answers SERVING."""
    async with served(Inventory()) as channel:
        reply = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert reply.status == health_pb2.HealthCheckResponse.SERVING


async def test_the_attempt_travels_with_the_call():
    """Who is called by an attempt knows it, and makes its own calls once."""
    inventory = Inventory()
    async with served(inventory) as channel:
        await hold(channel)
        with bind_attempt(2):
            await hold(channel)
    assert inventory.attempts == [None, 2]


async def test_a_call_without_a_timeout_ends_at_the_default_deadline():
    """A server that never answers does not hold its caller for ever."""
    inventory = Inventory()
    inventory.may_answer.clear()
    async with (
        serve_grpc("127.0.0.1", 0, inventory.register, drain_seconds=0.1) as port,
        connect(f"127.0.0.1:{port}", default_timeout_seconds=0.2) as channel,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await hold(channel)
    assert refused.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_taken_port_is_refused():
    """Two servers never share a port."""
    async with serve_grpc("127.0.0.1", 0, lambda server: None) as port:
        with pytest.raises(RuntimeError):
            async with serve_grpc("127.0.0.1", port, lambda server: None):
                pass


async def test_an_unknown_method_is_unimplemented():
    """A method that nobody registered is told as such."""
    async with (
        serve_grpc("127.0.0.1", 0, lambda server: None) as port,
        connect(f"127.0.0.1:{port}") as channel,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await hold(channel)
    assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_the_callers_deadline_is_the_handlers():
    """What remains travels, less the way; the handler's own calls are bound by it."""
    inventory = Inventory()
    async with served(inventory) as channel:
        await hold(channel)
        with bind_deadline(0.5):
            await hold(channel, timeout=60)
    default, bound = inventory.seconds
    # gRPC rounds what it sends up, by a hundredth at most.
    assert 0 < bound <= (0.5 - HOP_SECONDS) * 1.01 + 0.01 < default


async def test_with_too_little_time_no_call_is_made():
    """The server never hears of it."""
    inventory = Inventory()
    async with served(inventory) as channel:
        with bind_deadline(0.012), pytest.raises(DeadlineExceeded):
            await hold(channel)
    assert inventory.seconds == []


async def test_a_handler_out_of_time_says_so():
    """Its DeadlineExceeded is the status of that name, not UNKNOWN."""
    inventory = Inventory()
    inventory.fault = DeadlineExceeded("too late")
    async with served(inventory) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await hold(channel)
    assert refused.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
