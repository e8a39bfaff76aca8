"""What a customer is told while a part of the shop hangs, is gone or is slow.

`SEAWALL_FAULT_TABLE=docs/faults.md` writes the table of what was seen.
"""

import asyncio
import os
import signal
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from e2e.running import running_up
from e2e.shopping import SALE, Customer
from tools.devstack.stack import Stack

CLIENT_SECONDS = 20.0
RECOVERY_SECONDS = 30.0
LOOK_SECONDS = 0.5
# Between the first answers, from callers that know nothing yet, and those of callers that have learnt.
LEARNING_SECONDS = 4.0
EVERYTHING = frozenset({"browse", "stock", "buy", "order", "sign in", "page"})


@dataclass(frozen=True)
class Fault:
    """`kind` is hangs, gone or slow; `reaches` are the requests that it may fail: no other one may."""

    part: str
    kind: str
    reaches: frozenset[str]


FAULTS = [
    Fault("postgres", "hangs", EVERYTHING),
    Fault("postgres", "gone", EVERYTHING),
    Fault("valkey", "hangs", frozenset({"stock", "buy", "sign in", "page"})),
    Fault("valkey", "gone", frozenset({"stock", "buy", "sign in", "page"})),
    Fault("kafka", "hangs", frozenset()),
    Fault("kafka", "gone", frozenset()),
    Fault("inventory", "hangs", frozenset({"stock", "buy", "page"})),
    Fault("inventory", "gone", frozenset({"stock", "buy", "page"})),
    Fault("orders", "hangs", frozenset({"buy", "order"})),
    Fault("orders", "gone", frozenset({"buy", "order"})),
    Fault("catalog", "hangs", frozenset({"browse", "page"})),
    Fault("accounts", "hangs", frozenset({"sign in"})),
    Fault("payments", "hangs", frozenset()),
    Fault("psp_simulator", "hangs", frozenset()),
    Fault("psp_simulator", "slow", frozenset()),
]


@dataclass(frozen=True)
class Answer:
    """A status, or 0 where there was none, and after how long."""

    status: int
    seconds: float

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    def __str__(self) -> str:
        return f"{self.status or 'none'} {self.seconds:.2f}"


@dataclass
class Row:
    """What was seen of one fault."""

    fault: Fault
    first: dict[str, Answer] = field(default_factory=dict)
    later: dict[str, Answer] = field(default_factory=dict)
    recovery_seconds: float = 0.0


class Shop:
    """The public API as one customer uses it."""

    def __init__(self, http: aiohttp.ClientSession, url: str, who: dict[str, str], token: str) -> None:
        self._http = http
        self._url = url
        self._who = who
        self._bearer = {"Authorization": f"Bearer {token}"}
        self.sku = ""
        self.order_id = ""

    async def ask_all(self) -> dict[str, Answer]:
        """All requests, side by side."""
        requests: dict[str, Callable[[], Awaitable[int]]] = {
            "browse": lambda: self._send("GET", "/v1/products"),
            "stock": lambda: self._send("GET", f"/v1/sales/{SALE}/stock"),
            "buy": self._buy,
            "order": lambda: self._send("GET", f"/v1/orders/{self.order_id}", headers=self._bearer),
            "sign in": lambda: self._send("POST", "/v1/sessions", json=self._who),
            "page": lambda: self._send("GET", "/"),
        }
        answers = await asyncio.gather(*(_timed(request) for request in requests.values()))
        return dict(zip(requests, answers, strict=True))

    async def _buy(self) -> int:
        headers = self._bearer | {"Idempotency-Key": uuid.uuid4().hex}
        body = {"sku": self.sku, "quantity": 1}
        return await self._send("POST", f"/v1/sales/{SALE}/orders", json=body, headers=headers)

    async def _send(self, method: str, path: str, **options: Any) -> int:
        timeout = aiohttp.ClientTimeout(total=CLIENT_SECONDS)
        async with self._http.request(method, self._url + path, timeout=timeout, **options) as response:
            await response.read()
            return response.status


async def _timed(request: Callable[[], Awaitable[int]]) -> Answer:
    began_at = time.monotonic()
    try:
        status = await request()
    except (aiohttp.ClientError, TimeoutError):
        status = 0
    return Answer(status, time.monotonic() - began_at)


@pytest.fixture(scope="module")
def up():
    """A shop of its own, one process of each service."""
    with running_up() as up:
        up.start()
        yield up


@pytest.fixture(scope="module")
def table():
    """The rows, written at the end if somebody asks for them."""
    rows: list[Row] = []
    yield rows
    if path := os.environ.get("SEAWALL_FAULT_TABLE"):
        Path(path).write_text(_document(rows))


@pytest.fixture
async def shop(up):
    """A customer with an order."""
    stack = _stack(up)
    who = {"email": f"{uuid.uuid4().hex}@example.com", "password": "correct horse battery"}
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{stack.gateway_url}/v1/customers", json=who | {"name": "Ada"}) as response:
            assert response.status == 201
        async with http.post(f"{stack.gateway_url}/v1/sessions", json=who) as response:
            token = (await response.json())["access_token"]
        customer = Customer(http, stack.gateway_url, token)
        shop = Shop(http, stack.gateway_url, who, token)
        shop.sku = await customer.sku_on_sale()
        shop.order_id = (await customer.buy(SALE, shop.sku)).order["order_id"]
        yield shop


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.part} {fault.kind}")
async def test_a_fault_reaches_only_those_who_need_the_part(up, shop, table, fault):
    """Everybody gets an answer, and no 500; who does not need the part does not notice; then all is well."""
    row = Row(fault)
    await _until_well(shop)  # and so what can be known beforehand is
    mend = await _break(up, fault)
    try:
        row.first = await shop.ask_all()
        await asyncio.sleep(LEARNING_SECONDS)
        row.later = await shop.ask_all()
    finally:
        await mend()
    mended_at = time.monotonic()
    await _until_well(shop)
    row.recovery_seconds = time.monotonic() - mended_at
    table.append(row)
    for answers in (row.first, row.later):
        assert all(answer.status not in (0, 500) for answer in answers.values()), str(row)
        bad = {name for name, answer in answers.items() if not answer.is_good}
        assert bad <= fault.reaches, str(row)


async def _until_well(shop: Shop) -> None:
    # Not more often: sign-ins with one address are limited.
    give_up_at = time.monotonic() + RECOVERY_SECONDS
    answers = await shop.ask_all()
    while not all(answer.is_good for answer in answers.values()):
        assert time.monotonic() < give_up_at, {name: str(answer) for name, answer in answers.items()}
        await asyncio.sleep(LOOK_SECONDS)
        answers = await shop.ask_all()


async def _break(up, fault: Fault) -> Callable[[], Awaitable[None]]:
    """Breaks the part. Returns what mends it."""
    stack = _stack(up)
    if fault.kind == "slow":
        await _order(stack, {"latency": {"kind": "uniform", "min_ms": 5000, "max_ms": 5000}})
        return lambda: _order(stack, {})
    main = psutil.Process(stack.processes[fault.part])
    family = [main, *main.children(recursive=True)]
    if fault.kind == "gone":
        # Those that it leaves behind end by themselves, and the devstack starts it again.
        main.kill()
        return _nothing
    for process in family:
        process.send_signal(signal.SIGSTOP)

    async def go_on() -> None:
        for process in reversed(family):
            process.send_signal(signal.SIGCONT)

    return go_on


def _stack(up) -> Stack:
    stack = Stack.find(up.data_dir)
    assert stack is not None
    return stack


async def _order(stack: Stack, behaviour: dict[str, object]) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.put(f"{stack.provider_url}/v1/behaviour", json=behaviour) as response:
            assert response.status == 200, await response.text()


async def _nothing() -> None:
    """It comes back by itself."""


def _document(rows: list[Row]) -> str:
    names = list(rows[0].first)
    lines = [
        "# What a customer is told while a part is away",
        "",
        "Written by `tests/e2e/test_fault_matrix.py` (`SEAWALL_FAULT_TABLE=docs/faults.md`) on two cores.",
        "Status and seconds of the first answer, and of one four seconds later; how long after its end all",
        "was well. Hangs: each process of the part is stopped (SIGSTOP), connections stay open and say",
        "nothing. Gone: killed with -9; the devstack starts it again. Slow: each call takes 5 s. All was",
        "asked once before. What each service answers: [dependencies.md](dependencies.md).",
        "",
        "| part | it | " + " | ".join(names) + " | well after, s |",
        "|---|---|" + "---|" * (len(names) + 1),
    ]
    for row in rows:
        cells = " | ".join(f"{row.first[name]}, {row.later[name]}" for name in names)
        lines.append(f"| {row.fault.part} | {row.fault.kind} | {cells} | {row.recovery_seconds:.1f} |")
    return "\n".join(lines) + "\n"
