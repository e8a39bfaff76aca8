"""One value written to, and read from, each kind of server by a client of its protocol."""

import aiokafka
import redis.asyncio
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tools.devstack.psql import run_psql


class PostgresClient:
    async def write(self, server, value):
        run_psql(
            server.url, "CREATE TABLE kept (value text); INSERT INTO kept VALUES (:'value')", {"value": value}
        )

    async def read(self, server):
        return run_psql(server.url, "SELECT value FROM kept", {}).strip()


class ValkeyClient:
    async def write(self, server, value):
        async with redis.asyncio.from_url(server.url) as client:
            await client.set("kept", value)

    async def read(self, server):
        async with redis.asyncio.from_url(server.url, decode_responses=True) as client:
            return await client.get("kept")


class KafkaClient:
    async def write(self, server, value):
        admin = AIOKafkaAdminClient(bootstrap_servers=server.address)
        await admin.start()
        await admin.create_topics([NewTopic("kept", num_partitions=1, replication_factor=1)])
        await admin.close()
        producer = aiokafka.AIOKafkaProducer(
            bootstrap_servers=server.address, acks="all", enable_idempotence=True
        )
        async with producer:
            await producer.send_and_wait("kept", value.encode())

    async def read(self, server):
        consumer = aiokafka.AIOKafkaConsumer(
            "kept", bootstrap_servers=server.address, auto_offset_reset="earliest"
        )
        async with consumer:
            message = await consumer.getone()
            return message.value.decode()
