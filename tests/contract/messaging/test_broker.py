"""The contract of Publisher and Subscriber, on each adapter."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from contract.messaging.adapters import Adapter
from contract.messaging.bench import Seen, message, running
from seawall.messaging import Message, PublishFailed, decode
from seawall.telemetry import bind_correlation_id
from seawall.testing import until
from shop.inventory.v1.inventory_pb2 import CommitStock, ReserveStock


async def test_a_message_arrives_as_it_was_sent(adapter: Adapter, unique: str) -> None:
    """Key, type, id, source, payload, time, headers and correlation id travel."""
    seen = Seen()
    with bind_correlation_id("edge-7"):
        sent = replace(message(unique, "order-1"), headers={"tenant": "a"})
    async with adapter.topic(unique) as broker, broker.publisher() as publisher:
        await publisher.publish([sent])
        async with running(broker.subscriber([unique], unique).run(seen)):
            await until(lambda: seen.messages)
    (got,) = seen.messages
    assert replace(got, position="") == sent
    assert got.correlation_id == "edge-7"
    assert decode(got, ReserveStock, CommitStock) == CommitStock(order_id="order-1")


async def test_messages_of_a_key_keep_their_order(adapter: Adapter, unique: str) -> None:
    """Whatever the batches, per key the order is that of publishing."""
    sent = [message(unique, f"k{n % 7}", f"{n}") for n in range(700)]
    seen = Seen()
    async with adapter.topic(unique) as broker, broker.publisher() as publisher:
        await publisher.publish(sent)
        async with running(broker.subscriber([unique], unique).run(seen, max_batch=50)):
            await until(lambda: len(seen.messages) == 700)
    for n in range(7):
        numbers = [int(m.id) for m in seen.messages if m.key == f"k{n}"]
        assert numbers == sorted(numbers)
    assert max(map(len, seen.batches)) <= 50


async def test_what_was_handled_does_not_come_again(adapter: Adapter, unique: str) -> None:
    """A new member of the group goes on where the last one committed."""
    first, second = Seen(), Seen()
    async with adapter.topic(unique) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, "a", "1")])
        async with running(broker.subscriber([unique], unique).run(first)):
            await until(lambda: first.messages)
            await asyncio.sleep(0.2)
        await publisher.publish([message(unique, "a", "2")])
        async with running(broker.subscriber([unique], unique).run(second)):
            await until(lambda: second.messages)
    assert (first.ids, second.ids) == (["1"], ["2"])


async def test_each_group_gets_all_messages(adapter: Adapter, unique: str) -> None:
    """What one group has handled is new to another."""
    groups = [Seen(), Seen()]
    async with adapter.topic(unique) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, f"k{n}", f"{n}") for n in range(10)])
        for number, seen in enumerate(groups):
            async with running(broker.subscriber([unique], f"{unique}.{number}").run(seen)):
                await until(lambda seen=seen: len(seen.messages) == 10)  # type: ignore[misc]
    assert all(len(set(seen.ids)) == 10 for seen in groups)


async def test_what_was_published_outlives_its_publisher(adapter: Adapter, unique: str) -> None:
    """Another client finds it."""
    if not adapter.features.outlives_its_client:
        pytest.skip("this adapter promises nothing of the kind")
    seen = Seen()
    async with adapter.topic(unique) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, "a", "1")])
    async with adapter.open() as broker, running(broker.subscriber([unique], unique).run(seen)):
        await until(lambda: seen.ids == ["1"])


async def test_two_members_share_the_work_and_a_third_takes_over(adapter: Adapter, unique: str) -> None:
    """Through two rebalances every message is handled, and none is handled by two members for long."""
    members = [Seen(), Seen()]
    async with adapter.topic(unique) as broker, broker.publisher() as publisher:

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


async def test_a_rebalance_in_mid_batch_waits_for_the_commit(adapter: Adapter, unique: str) -> None:
    """A second member comes while the first one works: the batch is committed, and not handled again."""
    at_work, finish = asyncio.Event(), asyncio.Event()
    first, second = Seen(), Seen()

    async def slow(messages: Sequence[Message]) -> None:
        at_work.set()
        await finish.wait()
        await first(messages)

    async with adapter.topic(unique) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, f"k{n}", f"{n}") for n in range(40)])
        async with running(broker.subscriber([unique], unique).run(slow)):
            await at_work.wait()
            async with running(broker.subscriber([unique], unique).run(second)):
                await asyncio.sleep(2.5)  # Kafka's rebalance begins with the next heartbeat, within 1 s
                finish.set()
                await until(lambda: len({*first.ids, *second.ids}) == 40, timeout_seconds=30)
                await publisher.publish([message(unique, f"k{n}", f"more{n}") for n in range(40)])
                await until(lambda: len({*first.ids, *second.ids}) == 80, timeout_seconds=30)
    handled = first.ids + second.ids
    assert len(handled) == len(set(handled)) == 80
    assert second.ids


async def test_a_member_that_ends_in_mid_batch_leaves_it_to_another(adapter: Adapter, unique: str) -> None:
    """A shutdown: what was handed out and not committed comes again."""
    at_work = asyncio.Event()
    seen = Seen()

    async def stuck(_: object) -> None:
        at_work.set()
        await asyncio.Event().wait()

    async with adapter.topic(unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, "a", f"{n}") for n in range(5)])
        async with running(broker.subscriber([unique], unique).run(stuck)):
            await at_work.wait()
        async with running(broker.subscriber([unique], unique).run(seen)):
            await until(lambda: len(seen.ids) == 5, timeout_seconds=20)
    assert seen.ids == [f"{n}" for n in range(5)]


async def test_a_message_that_is_too_large_is_hopeless(adapter: Adapter, unique: str) -> None:
    """The failure names it, and its neighbours are published."""
    large = replace(message(unique, "a", "large"), payload=b"x" * 2_000_000)
    seen = Seen()
    async with adapter.topic(unique) as broker, broker.publisher() as publisher:
        with pytest.raises(PublishFailed) as failure:
            await publisher.publish([message(unique, "a", "1"), large, message(unique, "a", "2")])
        async with running(broker.subscriber([unique], unique).run(seen)):
            await until(lambda: len(seen.messages) == 2)
    assert [m.id for m in failure.value.failed] == [m.id for m in failure.value.hopeless] == ["large"]


async def test_replicas_may_create_the_topics_at_once(adapter: Adapter, unique: str) -> None:
    """The second to come finds them there."""
    async with adapter.open() as broker:
        await asyncio.gather(*(broker.ensure_topics({unique: 4}) for _ in range(4)))
        await broker.ping()
