"""One contract suite for all adapters."""

import pytest

from contract.messaging import adapters


@pytest.fixture(params=["memory", "kafka"])
def adapter(request: pytest.FixtureRequest) -> adapters.Adapter:
    """Each adapter in turn. Kafka is started by the first test that needs it."""
    if request.param == "memory":
        return adapters.memory()
    return adapters.kafka(request.getfixturevalue("kafka_url"))
