"""What a member keeps, and what it lets commit; the handler and the clock are the test's."""

from collections.abc import Sequence

from msgspec.structs import replace

from seawall.messaging import Message
from seawall.messaging.delivery import Delivery
from seawall.messaging.failure_policy import BlockKey
from seawall.messaging.parked import MOST_BEYOND, MOST_BYTES
from seawall.messaging.retry_topics import RetryLater
from seawall.messaging.work import LONGEST_PAUSE_SECONDS, Work

PARTITION = ("t", 0)
MAX_BATCH = 100


class Bench:
    """Work with a handler that refuses `bad`, a broker that remembers, and a clock that a test sets."""

    def __init__(self, *, ordered: bool = True) -> None:
        self.bad = {"bad"}
        self.ids: list[str] = []
        self.largest_batch = 0
        self.published: list[Message] = []
        self.now = 1_000.0
        policy = BlockKey() if ordered else RetryLater(["t"], "g", self._publish, lambda: self.now)
        delivery = Delivery(self._handle, self._publish)
        self.work = Work("g", delivery, policy, lambda: self.now, max_batch=MAX_BATCH)

    async def _handle(self, messages: Sequence[Message]) -> None:
        self.largest_batch = max(self.largest_batch, len(messages))
        if any(m.id in self.bad for m in messages):
            raise RuntimeError("cannot")
        self.ids += [m.id for m in messages]

    async def _publish(self, messages: Sequence[Message]) -> None:
        self.published += messages

    async def read(self, *messages: Message) -> dict[tuple[str, int], int]:
        """Handles messages of one partition. Returns what may be committed."""
        await self.work.handle(messages)
        read = {PARTITION: int(messages[-1].position.split(":")[2]) + 1} if messages else {}
        return dict(self.work.committable(read))


def message(offset: int, key: str, id: str, payload: bytes = b"") -> Message:  # noqa: A002
    return Message("t", key, "T", id, "tests", payload, None, 0, {}, f"t:0:{offset}")


async def test_without_failures_all_that_was_read_may_be_committed() -> None:
    """The very offsets that were given."""
    bench, offsets = Bench(), {PARTITION: 7}
    await bench.work.handle([message(6, "a", "1")])
    assert bench.work.committable(offsets) is offsets
    assert bench.work.full() == set()
    assert bench.work.seconds_to_due() is None


async def test_the_watermark_stops_at_what_waits_and_jumps_when_it_is_handled() -> None:
    """Also without another message in between."""
    bench = Bench()
    batch = message(0, "a", "1"), message(1, "b", "bad"), message(2, "a", "2")
    assert await bench.read(*batch) == {PARTITION: 1}
    assert await bench.read(message(3, "a", "3")) == {PARTITION: 1}
    bench.bad.clear()
    bench.now += 1
    assert bench.work.seconds_to_due() == 0
    assert await bench.read() == {PARTITION: 4}
    assert await bench.read() == {}
    assert bench.ids == ["1", "2", "3", "bad"]


async def test_the_pauses_of_a_key_grow_to_a_bound() -> None:
    """It is tried less and less often, but never given up."""
    bench, pauses = Bench(), []
    await bench.read(message(0, "b", "bad"))
    for _ in range(12):
        seconds = bench.work.seconds_to_due()
        assert seconds is not None
        pauses.append(seconds)
        bench.now += seconds
        await bench.read()
    assert 0 < pauses[0] <= 0.1
    assert all(LONGEST_PAUSE_SECONDS / 2 <= p <= LONGEST_PAUSE_SECONDS for p in pauses[8:])


async def test_a_partition_rests_when_it_waits_with_too_many_bytes_or_too_far_behind() -> None:
    """And is read again as soon as the key works."""
    for last in (message(1, "b", "2", b"x" * MOST_BYTES), message(MOST_BEYOND, "a", "2")):
        bench = Bench()
        await bench.read(message(0, "b", "bad"))
        assert bench.work.full() == set()
        await bench.read(last)
        assert bench.work.full() == {PARTITION}
        bench.bad.clear()
        bench.now += 1
        await bench.read()
        assert bench.work.full() == set()


async def test_where_nothing_works_no_more_is_read_until_the_next_try() -> None:
    """It would only fail and wait as well."""
    bench = Bench()
    bench.bad = {f"{n}" for n in range(100)}
    await bench.read(*(message(n, f"k{n}", f"{n}") for n in range(100)))
    assert bench.work.full() == {PARTITION}
    bench.bad.clear()
    bench.now += 1
    assert await bench.read() == {PARTITION: 100}
    assert bench.work.full() == set()


async def test_many_poisoned_keys_keep_nobody_from_reading_on() -> None:
    """They fail again and again; what is read beside them is handled."""
    bench = Bench()
    bench.bad = {f"{n}" for n in range(40)}
    await bench.read(*(message(n, f"k{n}", f"{n}") for n in range(50)))
    for n in range(50, 100):
        bench.now += LONGEST_PAUSE_SECONDS
        await bench.read(message(n, f"k{n}", f"{n}"))
        assert n < 60 or bench.work.full() == set()
    assert sorted(map(int, bench.ids)) == list(range(40, 100))


async def test_what_waits_comes_again_in_batches_of_the_size_that_was_asked_for() -> None:
    """Of a key that is longer than a batch the rest follows in its order."""
    bench = Bench()
    batches = [[message(n, "b", "bad" if n == 0 else f"{n}")] for n in range(250)]
    for batch in batches:
        await bench.read(*batch)
    bench.bad.clear()
    bench.now += LONGEST_PAUSE_SECONDS
    while bench.work.seconds_to_due() == 0:
        await bench.read()
    assert bench.ids == ["bad", *(f"{n}" for n in range(1, 250))]
    assert bench.largest_batch == MAX_BATCH


async def test_a_partition_that_another_member_has_is_forgotten() -> None:
    """It is not tried, and not committed."""
    bench = Bench()
    await bench.read(message(0, "b", "bad"))
    bench.work.drop({PARTITION})
    bench.bad.clear()
    bench.now += 1
    assert bench.work.seconds_to_due() is None
    assert await bench.read() == {}
    assert bench.ids == []


async def test_a_retry_waits_until_it_is_due_and_the_messages_behind_it_do_not() -> None:
    """The offsets behind a retry that waits are handled, and not committed."""
    bench = Bench(ordered=False)
    await bench.read(message(0, "a", "bad"))
    (retry,) = bench.published
    assert retry.topic == "t.g.retry-1s"
    bench.bad.clear()
    waiting = replace(retry, position=f"{retry.topic}:0:5")
    await bench.work.handle([waiting])
    assert bench.ids == []
    assert bench.work.committable({(retry.topic, 0): 6}) == {(retry.topic, 0): 5}
    bench.now += 1
    await bench.work.handle([])
    assert bench.ids == ["bad"]
    assert bench.work.committable({}) == {(retry.topic, 0): 6}


async def test_a_clock_that_was_an_hour_ahead_does_not_hold_a_retry_up() -> None:
    """It waits for as long as its topic says, and no longer."""
    bench = Bench(ordered=False)
    bench.now += 3_600
    await bench.read(message(0, "a", "bad"))
    bench.now -= 3_600
    (retry,) = bench.published
    waiting = replace(retry, position=f"{retry.topic}:0:5")
    await bench.work.handle([waiting])
    seconds = bench.work.seconds_to_due()
    assert seconds is not None
    assert seconds <= 1


async def test_odd_headers_of_a_stranger_hold_nothing_up() -> None:
    """A retry topic may hold what no member has written."""
    bench = Bench(ordered=False)
    odd = {"due_ms": "9" * 5_000, "attempt": "soon"}
    await bench.work.handle([replace(message(0, "a", "1"), headers=odd)])
    assert bench.ids == ["1"]
