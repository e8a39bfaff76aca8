"""Which broker a URL opens, and one that is not there."""

import pytest

from seawall.messaging import BrokerUnavailable, open_broker
from seawall.testing import free_port


async def test_a_broker_that_is_away_is_unavailable() -> None:
    """A ping of nobody fails with our error."""
    async with open_broker(f"kafka://127.0.0.1:{free_port()}", client="tests") as broker:
        with pytest.raises(BrokerUnavailable):
            await broker.ping()


@pytest.mark.parametrize("url", ["amqp://h:1", "kafka://", "h:9092"])
async def test_another_scheme_is_refused(url: str) -> None:
    """The error says which form is wanted."""
    with pytest.raises(ValueError, match="kafka://host:port"):
        async with open_broker(url, client="tests"):
            pass
