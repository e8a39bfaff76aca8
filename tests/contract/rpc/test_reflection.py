"""What a server tells of itself to a tool that asks, over the wire."""

from collections.abc import Sequence

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from seawall.rpc import connect, serve_grpc
from services.inventory.entrypoints.grpc_api import SERVICES
from shop.inventory.v1 import inventory_pb2_grpc


def register(server):
    inventory_pb2_grpc.add_InventoryServicer_to_server(inventory_pb2_grpc.InventoryServicer(), server)


async def ask(reflected: Sequence[str], **question: str):
    """The answer to one question."""
    request = reflection_pb2.ServerReflectionRequest(**question)
    async with (
        serve_grpc("127.0.0.1", 0, register, drain_seconds=0.1, reflected=reflected) as port,
        connect(f"127.0.0.1:{port}") as channel,
    ):
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        return await anext(aiter(stub.ServerReflectionInfo(iter([request]))))


async def test_it_lists_what_it_serves():
    """The services that are named, health, and reflection itself."""
    answer = await ask(SERVICES, list_services="")
    names = {service.name for service in answer.list_services_response.service}
    assert names == {*SERVICES, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}


async def test_it_describes_a_service():
    """A tool can call it without our .proto."""
    answer = await ask(SERVICES, file_containing_symbol=SERVICES[0])
    [file] = map(FileDescriptorProto.FromString, answer.file_descriptor_response.file_descriptor_proto)
    assert [method.name for service in file.service for method in service.method] == ["HoldMany"]


async def test_unasked_it_tells_nobody():
    """There is no such service."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await ask((), list_services="")
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
