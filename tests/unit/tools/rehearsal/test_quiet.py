"""When the system is quiet, by what the stores say."""

from tools.rehearsal.quiet import unrest, until_quiet
from tools.rehearsal.snapshot import LedgerRow


class FakeStores:
    """Stores whose unrest ends after some looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    @property
    def restless(self) -> bool:
        return self.looks > 0

    async def order_states(self, sale_id):
        self.looks -= 1
        return {"confirmed": 5, "payment_pending": 2} if self.restless else {"confirmed": 7}

    async def reserved_units(self, sale_id):
        return 2 if self.restless else 0

    async def open_charges(self):
        return 1 if self.restless else 0

    async def counters(self, sale_id):
        return {"mug": 2 if self.restless else 3}

    async def ledger(self, sale_id):
        return {"mug": LedgerRow(stock=10, reserved=0, sold=7, per_customer_cap=2)}

    async def backlog(self, service):
        return 4 if self.restless and service == "orders" else 0


async def test_everything_that_is_under_way_is_named():
    """Orders, units, charges, counters and outboxes, each with its count."""
    assert await unrest(FakeStores(10), "sale") == {
        "orders not final": 2,
        "units reserved": 2,
        "charges under way": 1,
        "counters that differ": 1,
        "messages in the outbox of orders": 4,
    }


async def test_quiet_is_two_quiet_looks_in_a_row():
    """Each look is reported, and what is left at the end is nothing."""
    seen: list[dict[str, int]] = []
    assert await until_quiet(FakeStores(2), "sale", 30, seen.append, pause_seconds=0) == {}
    assert [bool(found) for found in seen] == [True, False, False]


async def test_a_store_that_restarts_is_unrest():
    """The wait goes on, and names the reason."""

    class Restarting(FakeStores):
        async def reserved_units(self, sale_id):
            if self.restless:
                raise ConnectionRefusedError("it restarts")
            return 0

    seen: list[dict[str, int]] = []
    assert await until_quiet(Restarting(3), "sale", 30, seen.append, pause_seconds=0) == {}
    assert seen[0] == {"store that cannot be read (it restarts)": 1}


async def test_what_never_gets_quiet_is_told_after_the_time_out():
    """The last look's findings are returned."""
    found = await until_quiet(FakeStores(10**9), "sale", 0.01, lambda _: None, pause_seconds=0)
    assert found["orders not final"] == 2
