"""Publisher and Subscriber on a real Kafka."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from contract.messaging.bench import Seen, message, running, topic
from seawall.messaging import BrokerUnavailable, Message, PublishFailed, Undecodable, decode, open_broker
from seawall.telemetry import bind_correlation_id
from seawall.testing import free_port, until
from shop.inventory.v1.inventory_pb2 import CommitStock, ReserveStock


async def test_a_message_arrives_as_it_was_sent(kafka_url: str, unique: str) -> None:
    """Key, type, id, source, payload, time and correlation id travel."""
    seen = Seen()
    with bind_correlation_id("edge-7"):
        sent = replace(message(unique, "order-1"), headers={"tenant": "a"})
    async with topic(kafka_url, unique) as broker, broker.publisher() as publisher:
        await publisher.publish([sent])
        async with running(broker.subscriber([unique], unique).run(seen)):
            await until(lambda: seen.messages)
    (got,) = seen.messages
    assert replace(got, position="") == sent
    assert got.correlation_id == "edge-7"
    assert decode(got, ReserveStock, CommitStock) == CommitStock(order_id="order-1")


async def test_messages_of_a_key_keep_their_order(kafka_url: str, unique: str) -> None:
    """Whatever the batches, per key the order is that of publishing."""
    sent = [message(unique, f"k{n % 7}", f"{n}") for n in range(700)]
    seen = Seen()
    async with topic(kafka_url, unique) as broker, broker.publisher() as publisher:
        await publisher.publish(sent)
        async with running(broker.subscriber([unique], unique).run(seen, max_batch=50)):
            await until(lambda: len(seen.messages) == 700)
    for n in range(7):
        numbers = [int(m.id) for m in seen.messages if m.key == f"k{n}"]
        assert numbers == sorted(numbers)
    assert max(map(len, seen.batches)) <= 50


async def test_what_was_handled_does_not_come_again(kafka_url: str, unique: str) -> None:
    """A new member of the group goes on where the last one committed."""
    first, second = Seen(), Seen()
    async with topic(kafka_url, unique) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, "a", "1")])
        async with running(broker.subscriber([unique], unique).run(first)):
            await until(lambda: first.messages)
            await asyncio.sleep(0.2)
        await publisher.publish([message(unique, "a", "2")])
        async with running(broker.subscriber([unique], unique).run(second)):
            await until(lambda: second.messages)
    assert (first.ids, second.ids) == (["1"], ["2"])


async def test_a_failed_batch_comes_again(kafka_url: str, unique: str) -> None:
    """A handler that fails twice sees the same messages a third time, and nothing is skipped."""
    failures = iter([RuntimeError("store is away")] * 2)

    def before(_: Sequence[Message]) -> None:
        error = next(failures, None)
        if error is not None:
            raise error

    seen = Seen(before)
    async with topic(kafka_url, unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, "a", f"{n}") for n in range(10)])
        async with running(broker.subscriber([unique], unique).run(seen)):
            await until(lambda: len(seen.messages) >= 10)
    assert seen.ids == [f"{n}" for n in range(10)]


async def test_a_bad_message_holds_up_only_its_own_partition(kafka_url: str, unique: str) -> None:
    """While one partition fails for ever, the others are handled."""

    def before(messages: Sequence[Message]) -> None:
        if any(m.id == "poison" for m in messages):
            raise RuntimeError("cannot")

    seen = Seen(before)
    async with topic(kafka_url, unique, 4) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, "x", "poison")])
        await publisher.publish([message(unique, f"k{n}", f"{n}") for n in range(40)])
        async with running(broker.subscriber([unique], unique).run(seen)):
            await until(lambda: len({m.position.split(":")[1] for m in seen.messages}) == 3)
    assert "poison" not in seen.ids


async def test_an_undecodable_message_goes_to_the_dead_letter_topic_and_the_rest_on(
    kafka_url: str, unique: str
) -> None:
    """The dead letter says where it was and why; its neighbours are handled once."""
    sent = [message(unique, "a", f"{n}") for n in range(5)]
    sent[2] = replace(sent[2], type="shop.Nonsense")
    dead = Seen()

    def before(messages: Sequence[Message]) -> None:
        for m in messages:
            decode(m, CommitStock)

    seen = Seen(before)
    async with topic(kafka_url, unique) as broker, broker.publisher() as publisher:
        await publisher.publish(sent)
        async with (
            running(broker.subscriber([unique], unique).run(seen)),
            running(broker.subscriber([f"{unique}.dlt"], f"{unique}.dlt").run(dead)),
        ):
            await until(lambda: dead.messages and len(seen.messages) == 4, timeout_seconds=20)
    assert seen.ids == ["0", "1", "3", "4"]
    (grave,) = dead.messages
    assert (grave.id, grave.key, grave.payload) == ("2", "a", sent[2].payload)
    assert grave.headers["dlt_position"].startswith(f"{unique}:")
    assert "shop.inventory.v1.CommitStock" in grave.headers["dlt_reason"]


async def test_a_record_that_is_no_cloud_event_is_undecodable() -> None:
    """Decoding names what was expected."""
    with pytest.raises(Undecodable, match=r"not one of shop\.inventory.v1\.CommitStock"):
        decode(replace(message("t", "k"), type=""), CommitStock)
    with pytest.raises(Undecodable, match="malformed"):
        decode(replace(message("t", "k"), payload=b"\xff\xff"), CommitStock)


async def test_two_members_share_the_work_and_a_third_takes_over(kafka_url: str, unique: str) -> None:
    """Through two rebalances every message is handled, and none is handled by two members for long."""
    members = [Seen(), Seen()]
    async with topic(kafka_url, unique) as broker, broker.publisher() as publisher:

        async def publish(numbers: range) -> None:
            for n in numbers:
                await publisher.publish([message(unique, f"k{n % 16}", f"{n}")])

        async with running(broker.subscriber([unique], unique).run(members[0])):
            async with running(broker.subscriber([unique], unique).run(members[1])):
                await publish(range(200))
                await until(lambda: len({*members[0].ids, *members[1].ids}) == 200, timeout_seconds=30)
            await publish(range(200, 300))
            await until(lambda: len({*members[0].ids, *members[1].ids}) == 300, timeout_seconds=30)
    repeated = [n for n, count in Counter(members[0].ids + members[1].ids).items() if count > 1]
    assert not repeated


async def test_a_message_that_is_too_large_is_hopeless(kafka_url: str, unique: str) -> None:
    """The failure names it, and its neighbours are published."""
    large = replace(message(unique, "a", "large"), payload=b"x" * 2_000_000)
    seen = Seen()
    async with topic(kafka_url, unique) as broker, broker.publisher() as publisher:
        with pytest.raises(PublishFailed) as failure:
            await publisher.publish([message(unique, "a", "1"), large, message(unique, "a", "2")])
        async with running(broker.subscriber([unique], unique).run(seen)):
            await until(lambda: len(seen.messages) == 2)
    assert [m.id for m in failure.value.failed] == [m.id for m in failure.value.hopeless] == ["large"]


async def test_replicas_may_create_the_topics_at_once(kafka_url: str, unique: str) -> None:
    """The second to come finds them there."""
    async with open_broker(kafka_url, client=unique) as broker:
        await asyncio.gather(*(broker.ensure_topics({unique: 4}) for _ in range(4)))
        await broker.ping()


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
