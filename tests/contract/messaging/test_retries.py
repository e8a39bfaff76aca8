"""The contract of Subscriber where messages of an unordered topic fail, on each adapter."""

from collections.abc import Sequence

from msgspec.structs import replace

from contract.messaging.adapters import Adapter
from contract.messaging.bench import Seen, message, running
from seawall.messaging import Message, decode
from seawall.testing import until
from shop.inventory.v1.inventory_pb2 import CommitStock


class Attempts:
    """A check for `Seen` that fails each message so often before it works, and keeps what it was given."""

    def __init__(self, **failures: int) -> None:
        self._failures = failures
        self.given: dict[str, list[Message]] = {}

    def __call__(self, messages: Sequence[Message]) -> None:
        for m in messages:
            if m.id in self._failures and len(messages) == 1:
                self.given.setdefault(m.id, []).append(m)
        if any(self._failures.get(m.id, 0) > 0 for m in messages):
            if len(messages) == 1:
                self._failures[messages[0].id] -= 1
            raise RuntimeError("cannot")


async def test_a_message_that_fails_is_passed_by_and_tried_again(adapter: Adapter, unique: str) -> None:
    """Reordered: what comes later, with its key too, is handled before it. It comes as it was sent."""
    attempts = Attempts(bad=1)
    seen = Seen(attempts)
    sent = [message(unique, "a", i) for i in ("1", "bad", "2")]
    async with adapter.topic(unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish(sent)
        async with running(broker.subscriber([unique], unique, ordered=False).run(seen)):
            await until(lambda: len(seen.ids) == 3, timeout_seconds=30)
    assert sorted(seen.ids[:2]) == ["1", "2"]
    again = seen.messages[2]
    assert replace(again, position="", headers={}) == sent[1]
    assert again.headers["attempt"] == "1"
    assert again.position.startswith(f"{unique}.{unique}.retry-1s:")


async def test_a_message_that_always_fails_ends_in_the_dead_letter_topic(
    adapter: Adapter, unique: str
) -> None:
    """Four attempts, 1, 2 and 4 seconds apart, and a grave that says where it was first and why."""
    attempts = Attempts(bad=99)
    seen, dead = Seen(attempts), Seen()
    async with adapter.topic(unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish([message(unique, "a", i) for i in ("1", "bad")])
        async with (
            running(broker.subscriber([unique], unique, ordered=False).run(seen)),
            running(broker.subscriber([f"{unique}.dlt"], f"{unique}.dlt").run(dead)),
        ):
            await until(lambda: dead.messages, timeout_seconds=60)
    retries = [m.position.split(":")[0] for m in attempts.given["bad"] if ".retry-" in m.position]
    assert retries == [f"{unique}.{unique}.retry-{n}s" for n in (1, 2, 4)]
    assert seen.ids == ["1"]
    (grave,) = dead.messages
    assert grave.id == "bad"
    assert grave.headers.items() >= {
        ("original_topic", unique),
        ("original_partition", "0"),
        ("original_offset", "1"),
        ("attempt", "4"),
        ("error_class", "RuntimeError"),
        ("error_reason", "cannot"),
    }


async def test_an_undecodable_message_is_buried_without_retries(adapter: Adapter, unique: str) -> None:
    """It would never be read."""

    def before(messages: Sequence[Message]) -> None:
        for m in messages:
            decode(m, CommitStock)

    seen, dead = Seen(before), Seen()
    nonsense = replace(message(unique, "a", "nonsense"), type="shop.Nonsense")
    async with adapter.topic(unique, 1) as broker, broker.publisher() as publisher:
        await publisher.publish([nonsense, message(unique, "a", "1")])
        async with (
            running(broker.subscriber([unique], unique, ordered=False).run(seen)),
            running(broker.subscriber([f"{unique}.dlt"], f"{unique}.dlt").run(dead)),
        ):
            await until(lambda: dead.ids == ["nonsense"] and seen.ids == ["1"], timeout_seconds=20)
    assert dead.messages[0].headers["attempt"] == "1"
