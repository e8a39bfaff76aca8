"""Kafka tells what dashboards and alerts read, by the rules that infra/pulumi gives to Strimzi."""

import aiokafka
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from contract.store_metrics.exporters import kinds, read_by_queries, value, watched_kafka

MESSAGE = b"x" * 1000


@pytest.fixture
async def told(tmp_path):
    """After a message was written."""
    async with watched_kafka(tmp_path) as server:
        admin = AIOKafkaAdminClient(bootstrap_servers=server.address)
        await admin.start()
        await admin.create_topics([NewTopic("kept", num_partitions=1, replication_factor=1)])
        await admin.close()
        async with aiokafka.AIOKafkaProducer(bootstrap_servers=server.address, acks="all") as producer:
            await producer.send_and_wait("kept", MESSAGE)
        yield await server.told()


async def test_it_tells_what_is_read(told):
    """Each name, as a counter or a gauge; and of Kafka nothing that nobody reads."""
    own = {name: kind for name, kind in kinds(told).items() if name.startswith("kafka_")}
    assert own == read_by_queries("kafka")


async def test_the_figures_are_in_their_units(told):
    """Bytes of messages, seconds of a request, one controller, no partition in danger."""
    assert value(told, "kafka_broker_bytes_in_total") > len(MESSAGE)
    assert 0 < value(told, "kafka_produce_p99_seconds") < 30
    assert value(told, "kafka_controller_activecontrollercount") == 1
    assert value(told, "kafka_controller_offlinepartitionscount") == 0
    assert value(told, "kafka_broker_underreplicatedpartitions") == 0
