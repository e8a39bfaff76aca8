"""What each service answers while one of its dependencies is slow, refuses, loses bytes or is gone.

`SEAWALL_DEPENDENCY_TABLE=FILE` writes the table of what was seen.
"""

import asyncio
import os
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from e2e.behind_cables import Replica, replica_of
from e2e.running import running_up
from e2e.shopping import SALE
from seawall.testing import Fault, until
from tools.devstack.stack import Stack

# As the gateway's routes have it, and what no caller should need to wait.
DEADLINE_MS = 5000
LATEST_SECONDS = 1.8 * DEADLINE_MS / 1000
CLIENT_SECONDS = 30.0
RECOVERY_SECONDS = 60.0
# Between the first answer and that of a service that has learnt.
LEARNING_SECONDS = 2.0
FAULTS = (Fault.SLOW, Fault.REFUSING, Fault.DROPPING, Fault.GONE)


@dataclass(frozen=True)
class Case:
    """A service, what a caller asks of it, and the settings that lead to its dependencies."""

    service: str
    asked: str
    method: str
    path: str
    wires: Mapping[str, str]
    body: Any = None
    customer: bool = False


POSTGRES, VALKEY = "SEAWALL_DATABASE_URL", "SEAWALL_VALKEY_URL"
STORES = {"PostgreSQL": POSTGRES, "Valkey": VALKEY}
CASES = [
    Case("catalog", "products", "GET", "/v1/products", STORES),
    Case("accounts", "sign in", "POST", "/v1/sessions", STORES),
    Case("inventory", "stock", "GET", f"/v1/sales/{SALE}/stock", STORES),
    Case("orders", "buy", "POST", f"/v1/sales/{SALE}/orders",
         {"PostgreSQL": POSTGRES, "inventory": "SEAWALL_INVENTORY_TARGET"}, customer=True),
    Case("storefront", "page", "GET", "/", {"the API": "SEAWALL_API_URL"}),
]  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """A status, or 0 where there was none, and after how long."""

    status: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.status or 'none'} {self.seconds:.2f}"


@dataclass
class Row:
    """What was seen of one fault between a service and a dependency."""

    case: Case
    dependency: str
    answers: dict[Fault, list[Answer]] = field(default_factory=dict)
    well_after: dict[Fault, float] = field(default_factory=dict)


@pytest.fixture(scope="module")
def up():
    """A shop of its own."""
    with running_up() as up:
        up.start()
        yield up


@pytest.fixture(scope="module")
def rows():
    """What was seen, written at the end if somebody asks for it."""
    rows: list[Row] = []
    yield rows
    if path := os.environ.get("SEAWALL_DEPENDENCY_TABLE"):
        Path(path).write_text(_table(rows))


async def test_every_dependency_may_fail(up, rows, tmp_path):
    """Always an answer within the deadline and some, never a 500; mended, all is well by itself."""
    stack = Stack.find(up.data_dir)
    assert stack is not None
    async with AsyncExitStack() as opened, aiohttp.ClientSession() as http:
        body = await _customer_and_sku(http, stack)

        async def open_case(case: Case) -> tuple[Case, Replica]:
            log = tmp_path / f"{case.service}.log"
            return case, await opened.enter_async_context(
                replica_of(stack, case.service, tuple(case.wires.values()), log)
            )

        replicas = [await open_case(case) for case in CASES]
        # Services beside each other; the wires of one, and what is wrong with each, one after the other.
        seen = await asyncio.gather(*(_look(http, case, replica, body) for case, replica in replicas))
    rows.extend(row for of_one in seen for row in of_one)
    for row in rows:
        for fault, answers in row.answers.items():
            said = (
                f"{row.case.service} without {row.dependency} ({fault.value}): {', '.join(map(str, answers))}"
            )
            assert all(answer.status not in (0, 500) for answer in answers), said
            assert all(answer.seconds < LATEST_SECONDS for answer in answers), said


async def _look(
    http: aiohttp.ClientSession, case: Case, replica: Replica, body: Callable[[Case], Any]
) -> list[Row]:
    async def ask() -> Answer:
        headers = {"x-request-timeout-ms": str(DEADLINE_MS), "Idempotency-Key": uuid.uuid4().hex}
        headers |= {"x-customer-id": uuid.uuid4().hex} if case.customer else {}
        timeout = aiohttp.ClientTimeout(total=CLIENT_SECONDS)
        options = {"headers": headers, "timeout": timeout, "json": body(case)}
        began_at = time.monotonic()
        try:
            async with http.request(case.method, replica.url + case.path, **options) as response:
                await response.read()
                status = response.status
        except (aiohttp.ClientError, TimeoutError):
            status = 0
        return Answer(status, time.monotonic() - began_at)

    async def is_well() -> bool:
        return 200 <= (await ask()).status < 300

    found = []
    for dependency, setting in case.wires.items():
        row = Row(case, dependency)
        for fault in FAULTS:
            await until(is_well, timeout_seconds=RECOVERY_SECONDS)
            async with replica.cables[setting].broken(fault):
                first = await ask()
                await asyncio.sleep(LEARNING_SECONDS)
                row.answers[fault] = [first, await ask()]
            mended_at = time.monotonic()
            await until(is_well, timeout_seconds=RECOVERY_SECONDS)
            row.well_after[fault] = time.monotonic() - mended_at
        found.append(row)
    return found


async def _customer_and_sku(http: aiohttp.ClientSession, stack: Stack) -> Callable[[Case], Any]:
    who = {"email": f"{uuid.uuid4().hex}@example.com", "password": "correct horse battery"}
    async with http.post(f"{stack.gateway_url}/v1/customers", json=who | {"name": "Ada"}) as response:
        assert response.status == 201
    async with http.get(f"{stack.gateway_url}/v1/sales/{SALE}") as response:
        sku = (await response.json())["items"][0]["sku"]
    bodies = {"accounts": who, "orders": {"sku": sku, "quantity": 1}}
    return lambda case: bodies.get(case.service)


def _table(rows: list[Row]) -> str:
    heads = [fault.value for fault in FAULTS]
    lines = [
        "# What a service answers without one of its dependencies",
        "",
        "Written by `tests/e2e/test_dependencies.py` (`SEAWALL_DEPENDENCY_TABLE=docs/dependencies.md`) on",
        "two cores. One replica of each service runs with a wire of its own to each thing that it depends",
        "on, the real servers behind them. Slow: each piece of a reply comes 5 s late. Refusing: whoever",
        "connects is sent away. Dropping: connections stay open, bytes are lost. Gone: nobody listens.",
        "Requests have a deadline of 5 s. Status and seconds of the first answer, and of one two seconds",
        "later; then how many seconds after the end of the fault the service was well by itself. What a",
        "customer sees is in [faults.md](faults.md).",
        "",
        "| service | asked | without | " + " | ".join(heads) + " |",
        "|---|---|---|" + "---|" * len(heads),
    ]
    for row in rows:
        cells = " | ".join(
            f"{', '.join(map(str, row.answers[fault]))}; {row.well_after[fault]:.1f}" for fault in FAULTS
        )
        lines.append(f"| {row.case.service} | {row.case.asked} | {row.dependency} | {cells} |")
    return "\n".join(lines) + "\n"
