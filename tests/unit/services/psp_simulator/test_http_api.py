"""The simulated provider over HTTP."""

import asyncio

import pytest
from aiohttp.test_utils import TestClient, TestServer

from seawall.testing import until
from services.psp_simulator.app import build
from services.psp_simulator.settings import Settings

FAST = {"latency": {"kind": "constant", "ms": 0}}
CHARGE = {"idempotency_key": "key-1", "amount_minor": 500, "currency": "EUR", "reference": "order-1"}


@pytest.fixture
async def provider():
    """A client of a provider that answers at once."""
    async with TestClient(TestServer(build(Settings()))) as client:
        await client.put("/v1/behaviour", json=FAST)
        yield client


async def states(provider):
    page = await (await provider.get("/v1/charges")).json()
    return {charge["idempotency_key"]: charge["state"] for charge in page["items"]}


async def test_a_charge_is_made_once_and_shown(provider):
    """The first answer is 201, a repeat is 200 with the same charge, and the book has it."""
    made = await provider.post("/v1/charges", json=CHARGE)
    again = await provider.post("/v1/charges", json=CHARGE)
    assert (made.status, again.status) == (201, 200)
    assert await made.json() == await again.json()
    shown = await (await provider.get("/v1/charges/key-1")).json()
    assert shown["state"] == "charged"
    assert (await provider.get("/v1/charges/key-2")).status == 404


async def test_a_voided_key_is_refused(provider):
    """A void answers 200 for a key it never saw, and the charge after it gets 409."""
    assert (await provider.post("/v1/charges/key-1/void")).status == 200
    refused = await provider.post("/v1/charges", json=CHARGE)
    assert refused.status == 409
    assert (await refused.json())["type"].endswith("voided")


async def test_the_behaviour_can_be_read_and_changed(provider):
    """What was set comes back with its defaults; nonsense is refused and changes nothing."""
    set_to = await provider.put("/v1/behaviour", json={**FAST, "decline_rate": 1})
    assert (await set_to.json())["hang_seconds"] == 30
    assert (await provider.put("/v1/behaviour", json={"decline_rate": 2})).status == 422
    assert (await (await provider.get("/v1/behaviour")).json())["decline_rate"] == 1
    declined = await provider.post("/v1/charges", json=CHARGE)
    assert (await declined.json())["state"] == "declined"


async def test_an_error_charges_nothing(provider):
    """503 comes before the charge."""
    await provider.put("/v1/behaviour", json={**FAST, "error_rate": 1})
    assert (await provider.post("/v1/charges", json=CHARGE)).status == 503
    assert await states(provider) == {}


@pytest.mark.parametrize(
    ("rate", "left"), [("timeout_rate", {}), ("timeout_after_charge_rate", {"key-1": "charged"})]
)
async def test_a_time_out_hangs_with_or_without_the_charge(provider, rate, left):
    """The answer is held back until it is given up; whether money moved depends on the fault."""
    await provider.put("/v1/behaviour", json={**FAST, rate: 1, "hang_seconds": 0.2})
    assert (await provider.post("/v1/charges", json=CHARGE)).status == 504
    assert await states(provider) == left


async def test_a_caller_that_gave_up_may_be_charged(provider):
    """The money moves after the delay, whether or not somebody still waits."""
    await provider.put("/v1/behaviour", json={"latency": {"kind": "constant", "ms": 100}})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await provider.post("/v1/charges", json=CHARGE)
    await until(lambda: states(provider))


async def test_the_book_is_paged(provider):
    """`next_after` leads to the end."""
    for number in range(3):
        await provider.post("/v1/charges", json={**CHARGE, "idempotency_key": f"key-{number}"})
    first = await (await provider.get("/v1/charges?limit=2")).json()
    last = await (await provider.get(f"/v1/charges?limit=2&after={first['next_after']}")).json()
    assert [len(first["items"]), len(last["items"])] == [2, 1]
    assert last["next_after"] is None
