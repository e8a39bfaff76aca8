"""What every limiter promises: in memory and on the real Valkey, by a clock that the test moves."""

import uuid
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.ratelimit.model import TokenBuckets, told
from seawall.ratelimit import Charge, MemoryRateLimiter, Rule, ValkeyRateLimiter
from seawall.ratelimit.valkey_limiter import gcra_script
from seawall.valkey import open_valkey

# Long periods: the test moves the limiters' clock, and not the one by which Valkey lets keys lapse.
SLOW = Rule("slow", limit=6, period_seconds=60_000)
PACE = Rule("pace", limit=10, period_seconds=10_000, burst=2)
TRICKLE = Rule("trickle", limit=1, period_seconds=7_000, burst=0)
RULES = [SLOW, PACE, TRICKLE]

CHARGES = st.builds(Charge, st.sampled_from(RULES), st.sampled_from(["ann", "bob"]), st.integers(0, 8))
REQUESTS = st.tuples(
    st.integers(0, 12_000_000),
    st.lists(CHARGES, min_size=1, max_size=4, unique_by=lambda charge: (charge.rule.name, charge.subject)),
)


class LimiterContract:
    """`limiter` counts by `clock`, which the test moves; `unique` is a tenant of its own."""

    @pytest.fixture
    def take(self, limiter, unique):
        async def take(rule, units=1, subject="ann"):
            return await limiter.take(unique, [Charge(rule, subject, units)])

        return take

    async def test_a_burst_is_followed_by_the_pace(self, take, clock):
        """The capacity comes at once; then one unit for each interval, and not a second earlier."""
        assert [(await take(PACE)).is_allowed for _ in range(4)] == [True, True, True, False]
        await clock.advance(999)
        assert not (await take(PACE)).is_allowed
        await clock.advance(1)
        assert [(await take(PACE)).is_allowed for _ in range(2)] == [True, False]

    async def test_it_tells_what_is_left_and_when_to_come_back(self, take, clock):
        """Remaining units, the time until the whole capacity is back, and until the charge is allowed."""
        [verdict] = (await take(PACE, units=2)).verdicts
        assert (verdict.remaining, verdict.reset_after_seconds, verdict.retry_after_seconds) == (
            1,
            2000.0,
            0.0,
        )
        await clock.advance(250)
        denied = await take(PACE, units=3)
        assert denied.retry_after_seconds == 1750.0
        assert (denied.verdicts[0].remaining, denied.verdicts[0].reset_after_seconds) == (1, 1750.0)

    async def test_a_denial_stores_nothing(self, take):
        """However often one tries in vain, the wait grows no longer."""
        await take(PACE, units=3)
        waits = [(await take(PACE)).retry_after_seconds for _ in range(5)]
        assert waits == [1000.0] * 5

    async def test_more_than_the_capacity_is_never_allowed(self, take):
        """q > burst + 1 is denied with no time to come back; q = burst + 1 is allowed when all is there."""
        denied = await take(PACE, units=4)
        assert (denied.is_allowed, denied.retry_after_seconds) == (False, None)
        assert (await take(PACE, units=3)).is_allowed

    async def test_no_units_are_a_peek(self, take):
        """q = 0 tells what is left and takes nothing, also where nothing is left."""
        assert (await take(PACE, units=0)).verdicts[0].remaining == 3
        assert (await take(PACE, units=3)).is_allowed
        peeked = await take(PACE, units=0)
        assert (peeked.is_allowed, peeked.verdicts[0].remaining) == (True, 0)

    async def test_all_rules_of_a_request_or_none(self, limiter, unique, clock):
        """Where one rule denies, the others lose nothing; the denying ones are named."""
        both = [Charge(SLOW, "ann"), Charge(TRICKLE, "ann")]
        assert (await limiter.take(unique, both)).is_allowed
        denied = await limiter.take(unique, both)
        assert [verdict.rule.name for verdict in denied.denied] == ["trickle"]
        assert [verdict.remaining for verdict in denied.verdicts] == [5, 0]
        await clock.advance(7_000)
        assert (await limiter.take(unique, both)).is_allowed

    async def test_subjects_and_tenants_do_not_share(self, limiter, unique, take):
        """Each has a count of its own, whatever text it is."""
        subjects = ["ann", "{ann}", "bob\n", "ü" * 1000, "\ud800", ""]
        assert all([(await take(TRICKLE, subject=subject)).is_allowed for subject in subjects])
        assert (await limiter.take(f"{unique}:2", [Charge(TRICKLE, "ann")])).is_allowed
        assert not (await take(TRICKLE)).is_allowed

    async def test_a_stricter_rule_forgives_what_it_could_not_have_given(self, take, clock):
        """After a change a subject waits for the new rule's capacity at the most, not for the old one's."""
        lavish = replace(SLOW, limit=100, period_seconds=8_640_000)
        await take(lavish, units=100)
        denied = await take(SLOW)
        assert denied.retry_after_seconds == 10_000.0
        await clock.advance(10_000)
        assert (await take(SLOW)).is_allowed

    async def test_a_looser_rule_holds_at_once(self, take):
        """What had been taken stays taken, in time; the added capacity is there."""
        await take(SLOW, units=6)
        doubled = replace(SLOW, burst=11)
        assert (await take(doubled, units=6)).is_allowed
        assert not (await take(doubled)).is_allowed

    async def test_a_clock_that_is_set_back_costs_one_capacity_at_most(self, take, clock):
        """However far backwards: nobody is locked out for as long."""
        await take(PACE, units=1)
        await clock.advance(-1_000_000)
        assert (await take(PACE)).retry_after_seconds == 1000.0
        await clock.advance(1_000)
        assert (await take(PACE)).is_allowed

    async def test_nothing_charged_is_allowed(self, limiter, unique):
        """A request to which no rule applies."""
        assert (await limiter.take(unique, [])).is_allowed

    @pytest.mark.parametrize("tenant", ["", "a}b", "{"])
    async def test_a_tenant_that_would_break_the_hash_tag_is_refused(self, limiter, tenant):
        """Braces, or nothing at all, would scatter the keys of one request."""
        with pytest.raises(ValueError, match="tenant"):
            await limiter.take(tenant, [Charge(PACE, "ann")])

    async def test_two_charges_to_one_count_are_refused(self, limiter, unique):
        """They would be judged by the same debt."""
        with pytest.raises(ValueError, match="charge the sum"):
            await limiter.take(unique, [Charge(PACE, "ann"), Charge(PACE, "ann", 2)])


class MovedClock:
    """Milliseconds since a moment long ago, moved by hand."""

    def __init__(self):
        self.milliseconds = 10**11

    async def advance(self, seconds):
        self.milliseconds += round(seconds * 1000)


EXACTLY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def play(limiter, clock, tenant, requests):
    """Any requests at any times: each is answered as a token bucket of fractions would."""
    model = TokenBuckets()
    now = Fraction(0)
    for milliseconds, charges in requests:
        await clock.advance(milliseconds / 1000)
        now += Fraction(milliseconds, 1000)
        assert told(await limiter.take(tenant, charges)) == model.take(now, charges)


class TestMemory(LimiterContract):
    @pytest.fixture
    def clock(self):
        return MovedClock()

    @pytest.fixture
    def limiter(self, clock):
        return MemoryRateLimiter(clock=lambda: clock.milliseconds / 1000)

    @EXACTLY
    @given(st.lists(REQUESTS, max_size=30))
    async def test_it_is_exactly_the_model(self, limiter, unique, clock, requests):
        """Any requests at any times: see play()."""
        await play(limiter, clock, f"{unique}:{uuid.uuid4()}", requests)


class ServerClock(MovedClock):
    """The same, kept on the server, where the script reads it."""

    def __init__(self, valkey, key):
        super().__init__()
        self.valkey = valkey
        self.key = key

    async def advance(self, seconds):
        await super().advance(seconds)
        await self.valkey.set(self.key, self.milliseconds)


class TestValkey(LimiterContract):
    @pytest.fixture
    async def valkey(self, valkey_url):
        async with open_valkey(valkey_url) as valkey:
            yield valkey

    @pytest.fixture
    async def clock(self, valkey, unique):
        clock = ServerClock(valkey, f"{unique}:clock")
        await clock.advance(0)
        return clock

    @pytest.fixture
    def limiter(self, valkey, clock):
        return ValkeyRateLimiter(valkey, gcra_script(f"local now = redis.call('GET', '{clock.key}') * 10000"))

    @EXACTLY
    @given(st.lists(REQUESTS, max_size=30))
    async def test_it_is_exactly_the_model(self, limiter, unique, clock, requests):
        """Any requests at any times: see play()."""
        await play(limiter, clock, f"{unique}:{uuid.uuid4()}", requests)
