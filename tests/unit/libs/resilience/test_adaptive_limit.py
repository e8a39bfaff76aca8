"""The adaptive limit: on a machine that is made, which gets through a known number at once."""

from seawall.resilience import AdaptiveLimit, LimitSettings

SERVICE_SECONDS = 0.010


class Machine:
    """Works on `capacity` requests at once; more than that take as much longer as there are more."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.now = 0.0
        self.limit = AdaptiveLimit(clock=lambda: self.now)

    def run(self, seconds: float, wanted: int) -> int:
        """With so many callers, of whom as many are let in as may. Returns the limit at the end."""
        until = self.now + seconds
        while self.now < until:
            in_flight = min(wanted, self.limit.limit)
            takes = SERVICE_SECONDS * max(1.0, in_flight / self.capacity)
            self.now += takes
            for _ in range(in_flight):
                self.limit.observe(takes, in_flight)
        return self.limit.limit


def test_it_grows_to_what_the_machine_gets_through() -> None:
    """From 20 to the neighbourhood of the capacity: above it, but not far."""
    assert 50 <= Machine(50).run(60, wanted=1_000) <= 110


def test_it_shrinks_where_less_is_got_through() -> None:
    """When the machine becomes ten times slower it falls within seconds."""
    machine = Machine(50)
    before = machine.run(60, wanted=1_000)
    machine.capacity = 5
    assert machine.run(3, wanted=1_000) <= before / 2


def test_it_recovers_after_an_overload() -> None:
    """A long overload, in which slow becomes usual, is forgotten once it is over."""
    machine = Machine(50)
    before = machine.run(60, wanted=1_000)
    machine.capacity = 5
    low = machine.run(120, wanted=1_000)
    machine.capacity = 50
    after = machine.run(60, wanted=1_000)
    assert low < before and after >= 0.8 * before


def test_it_does_not_grow_while_half_of_it_is_unused() -> None:
    """Good times with little under way say nothing about more."""
    assert Machine(50).run(60, wanted=9) == 20
    assert Machine(50).run(60, wanted=12) > 20


def test_it_stays_within_its_bounds() -> None:
    """Never above 200, however much the machine gets through; never below 4, however little."""
    assert Machine(100_000).run(300, wanted=100_000) == 200
    limit = AdaptiveLimit(LimitSettings(least_samples=1, window_seconds=0), lambda: 0.0)
    for _ in range(100):
        limit.observe(1, 20, was_dropped=True)
    assert limit.limit == 4


def test_a_drop_lowers_it_whatever_the_times_are() -> None:
    """One that took too long for somebody is enough; at most once in a window."""
    now = 0.0
    limit = AdaptiveLimit(clock=lambda: now)
    for _ in range(50):
        limit.observe(SERVICE_SECONDS, 20, was_dropped=True)
    now += 0.1
    assert limit.observe(SERVICE_SECONDS, 20) == 18


def test_few_samples_decide_nothing() -> None:
    """Nine calls are no sample."""
    now = 0.0
    limit = AdaptiveLimit(clock=lambda: now)
    for _ in range(9):
        now += 1
        assert limit.observe(100, 20) == 20
