import uuid

from tools.devstack.servers.kafka import new_cluster_id


def test_never_looks_like_an_option():
    """An identifier that begins with a hyphen, as one in 64 does, is not used."""
    uuids = iter([uuid.UUID(bytes=b"\xf8" + bytes(15)), uuid.UUID(bytes=b"\xf8" * 16), uuid.UUID(int=1)])
    assert new_cluster_id(lambda: next(uuids)) == "AAAAAAAAAAAAAAAAAAAAAQ"
