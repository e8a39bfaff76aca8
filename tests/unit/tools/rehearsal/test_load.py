"""The open loop, and what visitors do."""

import asyncio
from collections import Counter

import msgspec

from seawall.auth import generate_signing_key
from seawall.testing import until
from tools.rehearsal.customers import Customer, mint
from tools.rehearsal.http_pool import Done
from tools.rehearsal.load import Load
from tools.rehearsal.recorder import Recorder
from tools.rehearsal.visitors import Visit, Visitors


def visitors(**changes) -> Visitors:
    settings = {
        "host": "shop:80",
        "sale_id": "sale-1",
        "skus": ["mug", "cup"],
        "browse_ratio": 0.5,
        "largest_quantity": 2,
        "seed": 1,
        **changes,
    }
    return Visitors([Customer("ada", "token-a"), Customer("bob", "token-b")], **settings)


def test_visits_browse_and_buy_in_the_ratio_asked_for():
    """All pages are visited, and a purchase is a whole HTTP request with token, key and body."""
    drawn = visitors()
    visits = [drawn.next() for _ in range(2000)]
    kinds = Counter(visit.kind for visit in visits)
    assert 900 < kinds["buy"] < 1100
    assert len(kinds) == 6
    head, _, body = next(v for v in visits if v.kind == "buy").request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/sales/sale-1/orders HTTP/1.1\r\nhost: shop:80\r\n")
    assert b"authorization: Bearer token-" in head
    assert f"content-length: {len(body)}".encode() in head
    order = msgspec.json.decode(body)
    assert order["sku"] in {"mug", "cup"}
    assert order["quantity"] in {1, 2}


def test_each_purchase_has_a_key_of_its_own_and_the_seed_repeats_all():
    """Idempotency keys differ within a run; the same seed gives the same requests."""
    one, two = visitors(browse_ratio=0), visitors(browse_ratio=0)
    requests = [one.next().request for _ in range(500)]
    keys = {
        line for request in requests for line in request.split(b"\r\n") if line.startswith(b"idempotency")
    }
    assert len(keys) == 500
    assert requests == [two.next().request for _ in range(500)]


def test_minted_customers_have_ids_by_seed_and_tokens():
    """The same seed makes the same customers."""
    key = generate_signing_key()
    one = mint(key, 3, seed=7, ttl_seconds=60)
    two = mint(key, 3, seed=7, ttl_seconds=60)
    assert [customer.customer_id for customer in one] == [customer.customer_id for customer in two]
    assert len({customer.token for customer in one}) == 3


class FakePool:
    """Holds requests until they are answered; refuses once `room` is used up."""

    def __init__(self, room: int = 1000) -> None:
        self.room = room
        self.sent: list[Done] = []
        self.requests: list[bytes] = []

    @property
    def in_flight(self) -> int:
        return len(self.sent)

    def submit(self, request, done) -> bool:
        if len(self.sent) >= self.room:
            return False
        self.sent.append(done)
        self.requests.append(request)
        return True

    def answer(self, status: int, body: bytes = b"") -> None:
        self.sent.pop(0)(status, body)


def buy() -> Visit:
    return Visit("buy", b"")


async def test_the_loop_is_open_and_latency_counts_from_the_intended_time():
    """All are fired though none is answered; an answer's latency includes the wait before sending."""
    pool, recorder = FakePool(), Recorder()
    load = Load(pool, buy, recorder)
    await load.run([0.0, 0.01, 0.02])
    assert pool.in_flight == 3
    await asyncio.sleep(0.05)
    pool.answer(202, b'{"order_id": "order-1", "state": "accepted"}')
    samples = recorder.kinds["buy"]
    assert list(samples.intended_seconds) == [0.0]
    assert samples.latency_seconds[0] >= 0.05
    assert set(recorder.accepted) == {"order-1"}


async def test_outcomes_are_told_apart():
    """Accepted, refused with its problem, failed, unanswered and dropped are counted each by its name."""
    pool, recorder = FakePool(room=5), Recorder()
    load = Load(pool, buy, recorder)
    await load.run([0.0] * 6)
    pool.answer(202, b'{"order_id": "order-1"}')
    pool.answer(409, b'{"type": "urn:seawall:problem:sold-out"}')
    pool.answer(503, b"upstream connect error")
    pool.answer(0)
    pool.answer(200, b"{}")
    assert recorder.kinds["buy"].outcomes == {"202": 1, "no answer": 1, "200": 1, "dropped": 1}
    assert recorder.kinds["buy (refused)"].outcomes == {"409 sold-out": 1, "503": 1}
    assert recorder.dropped == 1
    assert len(recorder.kinds["buy"].latency_seconds) == 2
    assert len(recorder.kinds["buy (refused)"].latency_seconds) == 2


async def test_a_purchase_without_an_answer_is_sent_again_with_the_same_key():
    """The accept of any try counts once, from the intended time; the lost ones are counted beside it."""
    pool, recorder = FakePool(), Recorder()
    load = Load(pool, lambda: Visit("buy", b"key-1"), recorder, tries=3)
    await load.run([0.0])
    for status, body in ((0, b"connection lost"), (503, b"{}"), (202, b'{"order_id": "order-1"}')):
        await until(lambda: pool.in_flight)
        pool.answer(status, body)
    assert pool.requests == [b"key-1"] * 3
    assert recorder.kinds["buy"].outcomes == {"202": 1}
    assert recorder.kinds["buy (tried again)"].outcomes == {"connection lost": 1, "503": 1}
    assert set(recorder.accepted) == {"order-1"}
    await load.settle(1)


async def test_a_purchase_is_given_up_after_its_tries():
    """It counts by its last outcome."""
    pool, recorder = FakePool(), Recorder()
    await Load(pool, buy, recorder, tries=2).run([0.0])
    for _ in range(2):
        await until(lambda: pool.in_flight)
        pool.answer(0, b"no connection")
    assert recorder.kinds["buy"].outcomes == {"no connection": 1}
    assert pool.in_flight == 0


async def test_a_refusal_is_an_answer():
    """Sold out is not tried again, nor is a page."""
    pool, recorder = FakePool(), Recorder()
    load = Load(pool, buy, recorder, tries=5)
    await load.run([0.0])
    pool.answer(409, b"{}")
    await load.settle(1)
    assert recorder.kinds["buy (refused)"].outcomes == {"409": 1}
    assert len(pool.requests) == 1


async def test_a_late_loop_catches_up_without_starving_others():
    """Arrivals that are all due at once are fired, and other tasks run in between."""
    pool, recorder = FakePool(), Recorder()
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(tick())
    await Load(pool, buy, recorder).run([0.0] * 500)
    other.cancel()
    assert pool.in_flight == 500
    assert ticks >= 10
