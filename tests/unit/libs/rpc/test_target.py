import pytest

from seawall.rpc.client import grpc_target


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("10.0.0.1:50051", "ipv4:10.0.0.1:50051"),
        ("10.0.0.1:50051, 10.0.0.2:50052", "ipv4:10.0.0.1:50051,10.0.0.2:50052"),
        ("[::1]:50051,[::2]:50051", "ipv6:[::1]:50051,[::2]:50051"),
        ("inventory.shop.svc:50051", "dns:///inventory.shop.svc:50051"),
        ("unix:/run/inventory.sock", "unix:/run/inventory.sock"),
        ("dns:///inventory:50051", "dns:///inventory:50051"),
    ],
)
def test_a_list_of_addresses_becomes_a_name_that_grpc_understands(target, expected):
    """IP lists are fixed, one name is resolved by DNS, and a gRPC name passes unchanged."""
    assert grpc_target(target) == expected


@pytest.mark.parametrize(
    "target", ["", "inventory", "10.0.0.1", "10.0.0.1:1,[::1]:2", "a:1,b:2", "10.0.0.1:x"]
)
def test_an_unusable_target_is_refused(target):
    """A missing port, no address, mixed versions and several names raise ValueError."""
    with pytest.raises(ValueError, match=r"address|host"):
        grpc_target(target)
