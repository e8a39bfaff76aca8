"""The contract of Subscriber where messages of an ordered topic fail, on each adapter."""

import asyncio
import time
from collections.abc import Sequence

from msgspec.structs import replace

from contract.messaging.adapters import Adapter
from contract.messaging.bench import Seen, message, running
from seawall.messaging import Message, Undecodable, decode, outgoing, working_on
from seawall.messaging.parked import MOST_MESSAGES
from seawall.resilience import current_deadline
from seawall.testing import until
from shop.inventory.v1.inventory_pb2 import CommitStock

# One key of each of two partitions.
KEYS_OF_PARTITIONS = ("x4", "x1")


class Poison:
    """A check for `Seen` that refuses every batch with one of these ids in it."""

    def __init__(self, *ids: str) -> None:
        self.ids = set(ids)
        self.calls = 0

    def __call__(self, messages: Sequence[Message]) -> None:
        self.calls += 1
        if any(m.id in self.ids for m in messages):
            raise RuntimeError("cannot")


async def test_a_failed_batch_comes_again(adapter: Adapter, unique: str) -> None:
    """A handler that fails twice sees the same messages a third time, and nothing is skipped."""
    failures = iter([RuntimeError("store is away")] * 2)

    def before(_: Sequence[Message]) -> None:
        error = next(failures, None)
        if error is not None:
            raise error

    seen = Seen(before)
    async with adapter.topic(unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, "a", f"{n}") for n in range(10)])
        async with running(broker.subscriber([unique], unique).run(seen)):
            await until(lambda: len(seen.messages) >= 10)
    assert seen.ids == [f"{n}" for n in range(10)]


async def test_a_poison_message_holds_up_only_its_key(adapter: Adapter, unique: str) -> None:
    """All other keys of its partition go on, those that come later too; its own key waits, in order."""
    poison = Poison("bad")
    seen = Seen(poison)
    async with adapter.topic(unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, f"k{n % 5}", f"{n}") for n in range(20)])
        await publisher.publish([message(unique, "x", "before"), message(unique, "x", "bad")])
        await publisher.publish([message(unique, "x", "behind"), message(unique, "k0", "20")])
        async with running(broker.subscriber([unique], unique).run(seen)):
            await until(lambda: "20" in seen.ids and "before" in seen.ids)
            await publisher.publish([message(unique, "x", "late"), message(unique, "k1", "21")])
            await until(lambda: "21" in seen.ids)
            assert not {"bad", "behind", "late"} & set(seen.ids)
            poison.ids.clear()
            await until(lambda: "late" in seen.ids)
    of_key = [m.id for m in seen.messages if m.key == "x"]
    assert of_key == ["before", "bad", "behind", "late"]
    others = [int(i) for i in seen.ids if i.isdecimal()]
    assert sorted(others) == list(range(22)), "each once"


async def test_a_message_that_is_too_late_is_buried(adapter: Adapter, unique: str) -> None:
    """Nobody waits for it, so it does not block its key; what is in time is handled under its deadline."""
    seconds_left: dict[str, float | None] = {}

    async def handle(messages: Sequence[Message]) -> None:
        for m in messages:
            with working_on(m):
                deadline = current_deadline()
                seconds_left[m.id] = deadline.remaining_seconds() if deadline else None

    graves = Seen()
    async with adapter.topic(unique, 1) as broker, broker.publisher() as publisher:
        now_ms = time.time_ns() // 1_000_000
        deadlines = {"late": now_ms - 1, "in time": now_ms + 60_000, "any": None}
        await publisher.publish(
            [
                outgoing(unique, "k", CommitStock(order_id="k"), source="tests", id=name, deadline_ms=at_ms)
                for name, at_ms in deadlines.items()
            ]
        )
        async with (
            running(broker.subscriber([unique], unique).run(handle)),
            running(broker.subscriber([f"{unique}.dlt"], unique + "d").run(graves)),
        ):
            await until(lambda: graves.messages and len(seconds_left) >= 2)
    assert (graves.ids, graves.messages[0].headers["error_class"]) == (["late"], "DeadlineExceeded")
    assert seconds_left.keys() == {"in time", "any"}
    assert seconds_left["any"] is None
    assert 0 < (seconds_left["in time"] or 0) <= 60


async def test_several_poison_messages_among_many_keys_are_found(adapter: Adapter, unique: str) -> None:
    """Halving finds each; what is good is handled, and handled once."""
    bad = [f"{n}" for n in (0, 1, 2, 57, 199)]
    seen = Seen(Poison(*bad))
    async with adapter.topic(unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, f"k{n}", f"{n}") for n in range(200)])
        async with running(broker.subscriber([unique], unique).run(seen)):
            await until(lambda: len(seen.ids) >= 195)
    assert sorted(seen.ids, key=int) == [f"{n}" for n in range(200) if f"{n}" not in bad]


async def test_while_nothing_works_the_handler_is_left_alone(adapter: Adapter, unique: str) -> None:
    """A store that is away is no fault of a message: few tries, then all is handled as it comes back."""
    broken, calls = True, 0

    def before(_: Sequence[Message]) -> None:
        nonlocal calls
        calls += 1
        if broken:
            raise OSError("the store is away")

    seen = Seen(before)
    async with adapter.topic(unique) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, f"k{n}", f"{n}") for n in range(300)])
        async with running(broker.subscriber([unique], unique).run(seen)):
            await asyncio.sleep(2)
            assert calls < 150, "300 keys, tried one by one again and again, are thousands"
            broken = False
            await until(lambda: len(seen.ids) >= 300)
    assert sorted(seen.ids, key=int) == [f"{n}" for n in range(300)]


async def test_what_waits_is_not_committed(adapter: Adapter, unique: str) -> None:
    """The next member gets the blocked key and all behind it: only a contiguous watermark is committed."""
    first, second = Seen(Poison("bad")), Seen()
    async with adapter.topic(unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, "a", "1"), message(unique, "b", "2")])
        await publisher.publish([message(unique, "x", "bad"), message(unique, "a", "3")])
        async with running(broker.subscriber([unique], unique).run(first)):
            await until(lambda: "3" in first.ids)
            await asyncio.sleep(0.2)
        async with running(broker.subscriber([unique], unique).run(second)):
            await until(lambda: len(second.ids) >= 2)
            await asyncio.sleep(0.2)
    assert sorted(first.ids) == ["1", "2", "3"]
    assert second.ids == ["bad", "3"]


async def test_a_key_that_waits_moves_with_its_partition(adapter: Adapter, unique: str) -> None:
    """A second member comes while keys wait: each goes on with its own partitions, each key in order."""
    poison = Poison("bad0", "bad1")
    members = [Seen(poison), Seen(poison)]
    async with adapter.topic(unique, 2) as broker, broker.publisher() as publisher:
        for n, key in enumerate(KEYS_OF_PARTITIONS):
            await publisher.publish([message(unique, key, f"{i}{n}") for i in ("bad", "behind")])
        async with running(broker.subscriber([unique], unique).run(members[0])):
            await until(lambda: poison.calls > 2)
            await publisher.publish([message(unique, f"k{n}", f"k{n}") for n in range(16)])
            await until(lambda: len(members[0].ids) == 16)
            async with running(broker.subscriber([unique], unique).run(members[1])):
                await until(lambda: members[1].ids, timeout_seconds=30)
                assert not {"behind0", "behind1"} & {*members[0].ids, *members[1].ids}
                poison.ids.clear()
                await until(lambda: len({*members[0].ids, *members[1].ids}) == 20, timeout_seconds=30)
    for n, key in enumerate(KEYS_OF_PARTITIONS):
        handled = [m.id for seen in members for m in seen.messages if m.key == key]
        assert handled == [f"bad{n}", f"behind{n}"]


async def test_a_partition_rests_when_too_much_waits(adapter: Adapter, unique: str) -> None:
    """Memory is bounded: behind so many parked messages nothing more is read until the key works."""
    poison = Poison("0")
    seen = Seen(poison)
    waiting = MOST_MESSAGES + 500
    async with adapter.topic(unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, "x", f"{n}") for n in range(waiting)])
        await publisher.publish([message(unique, "other", "other")])
        async with running(broker.subscriber([unique], unique).run(seen, max_batch=500)):
            await until(lambda: poison.calls > 20)
            assert seen.ids == []
            poison.ids.clear()
            await until(lambda: len(seen.ids) > waiting)
    assert [i for i in seen.ids if i != "other"] == [f"{n}" for n in range(waiting)]


async def test_an_undecodable_message_goes_to_the_dead_letter_topic_and_the_rest_on(
    adapter: Adapter, unique: str
) -> None:
    """The dead letter says where it was and why; its neighbours are handled once."""
    sent = [message(unique, "a", f"{n}") for n in range(5)]
    sent[2] = replace(sent[2], type="shop.Nonsense")
    dead = Seen()

    def before(messages: Sequence[Message]) -> None:
        for m in messages:
            decode(m, CommitStock)

    seen = Seen(before)
    async with adapter.topic(unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish(sent)
        async with (
            running(broker.subscriber([unique], unique).run(seen)),
            running(broker.subscriber([f"{unique}.dlt"], f"{unique}.dlt").run(dead)),
        ):
            await until(lambda: dead.messages and len(seen.messages) == 4, timeout_seconds=20)
    assert seen.ids == ["0", "1", "3", "4"]
    (grave,) = dead.messages
    assert (grave.id, grave.key, grave.payload) == ("2", "a", sent[2].payload)
    headers = dict(grave.headers)
    assert "shop.inventory.v1.CommitStock" in headers.pop("error_reason")
    assert headers == {
        "original_topic": unique,
        "original_partition": "0",
        "original_offset": "2",
        "attempt": "1",
        "error_class": "Undecodable",
    }


async def test_an_undecodable_message_beside_a_poison_one_is_buried_once(
    adapter: Adapter, unique: str
) -> None:
    """However often its neighbours fail and come again."""
    poison = Poison("bad")

    def before(messages: Sequence[Message]) -> None:
        for m in messages:
            decode(m, CommitStock)
        poison(messages)

    seen, dead = Seen(before), Seen()
    nonsense = replace(message(unique, "x", "nonsense"), type="shop.Nonsense")
    async with adapter.topic(unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, "x", "bad"), nonsense, message(unique, "x", "behind")])
        async with (
            running(broker.subscriber([unique], unique).run(seen)),
            running(broker.subscriber([f"{unique}.dlt"], f"{unique}.dlt").run(dead)),
        ):
            await until(lambda: poison.calls > 3)
            poison.ids.clear()
            await until(lambda: seen.ids == ["bad", "behind"])
            await asyncio.sleep(0.3)
    assert dead.ids == ["nonsense"]


async def test_a_handler_that_blames_a_foreign_message_is_a_failed_handler(
    adapter: Adapter, unique: str
) -> None:
    """Only a message of the batch can be buried: any other is a bug of the handler, and waits."""
    calls, dead = 0, Seen()

    async def handler(messages: Sequence[Message]) -> None:
        nonlocal calls
        calls += 1
        raise Undecodable(replace(messages[0], position=""), "from elsewhere")

    async with adapter.topic(unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, "a", "1")])
        async with (
            running(broker.subscriber([unique], unique).run(handler)),
            running(broker.subscriber([f"{unique}.dlt"], f"{unique}.dlt").run(dead)),
        ):
            await until(lambda: calls >= 2)
            await asyncio.sleep(0.3)
    assert dead.messages == []
    assert calls < 20, "it must back off"
