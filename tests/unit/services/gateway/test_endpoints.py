"""The endpoints setting."""

import pytest

from services.gateway.endpoints import Endpoint, parse_endpoints


def test_services_and_their_instances_are_read():
    """One or more addresses per service; a service may have none."""
    assert parse_endpoints("accounts=127.0.0.1:7001, orders=a:1+b:2,idle=") == {
        "accounts": [Endpoint("127.0.0.1", 7001)],
        "orders": [Endpoint("a", 1), Endpoint("b", 2)],
        "idle": [],
    }


def test_nothing_is_no_endpoints():
    """An empty setting is allowed."""
    assert parse_endpoints("") == {}


@pytest.mark.parametrize("text", ["o", "=a:1", "o=a", "o=a:x", "o=a:0", "o=:1", "o=a:1,o=b:2"])
def test_anything_else_is_refused(text):
    """The error quotes what is wrong."""
    with pytest.raises(ValueError, match="endpoints: "):
        parse_endpoints(text)
