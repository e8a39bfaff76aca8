"""The dice of the simulated provider."""

import msgspec
import pytest

from services.psp_simulator.behaviour import (
    Behaviour,
    Constant,
    Director,
    Fault,
    Lognormal,
    SlowDeath,
    Uniform,
)


def delays_ms(behaviour: Behaviour, count: int) -> list[float]:
    director = Director(behaviour)
    return sorted(director.fate().delay_seconds * 1000 for _ in range(count))


def test_a_lognormal_latency_has_the_median_and_the_p99_that_were_ordered():
    """Median and 99th percentile of many draws are near those given."""
    delays = delays_ms(Behaviour(latency=Lognormal(median_ms=20, p99_ms=80)), 20_000)
    assert delays[10_000] == pytest.approx(20, rel=0.05)
    assert delays[19_800] == pytest.approx(80, rel=0.1)


def test_a_uniform_latency_stays_between_its_ends():
    """No draw falls outside, and the draws fill the range."""
    delays = delays_ms(Behaviour(latency=Uniform(min_ms=10, max_ms=20)), 1000)
    assert 10 <= delays[0] < 11
    assert 19 < delays[-1] <= 20


def test_the_same_seed_gives_the_same_fates():
    """Two directors with one behaviour draw the same; another seed draws otherwise."""
    behaviour = Behaviour(error_rate=0.2, decline_rate=0.3, timeout_rate=0.1)
    one, two = Director(behaviour), Director(behaviour)
    other = Director(msgspec.structs.replace(behaviour, seed=2))
    fates = [one.fate() for _ in range(50)]
    assert fates == [two.fate() for _ in range(50)]
    assert fates != [other.fate() for _ in range(50)]


def test_each_fault_comes_as_often_as_ordered():
    """Rates are shares of all calls, and what is left goes well."""
    behaviour = Behaviour(
        latency=Constant(ms=0),
        error_rate=0.1,
        timeout_rate=0.2,
        timeout_after_charge_rate=0.3,
        decline_rate=0.5,
    )
    director = Director(behaviour)
    fates = [director.fate() for _ in range(10_000)]
    shares = {fault: sum(fate.fault is fault for fate in fates) / len(fates) for fault in Fault}
    assert shares[Fault.ERROR] == pytest.approx(0.1, abs=0.02)
    assert shares[Fault.TIMEOUT] == pytest.approx(0.2, abs=0.02)
    assert shares[Fault.TIMEOUT_AFTER] == pytest.approx(0.3, abs=0.02)
    assert shares[Fault.NONE] == pytest.approx(0.4, abs=0.02)
    assert sum(fate.declined for fate in fates) / len(fates) == pytest.approx(0.5, abs=0.02)


def test_a_slow_death_makes_each_answer_later_up_to_its_limit():
    """The added delay grows with the time since it was ordered, and starts anew with each order."""
    now = 100.0
    behaviour = Behaviour(latency=Constant(ms=1), slow_death=SlowDeath(ms_per_second=10, max_ms=50))
    director = Director(behaviour, clock=lambda: now)
    assert director.fate().delay_seconds == pytest.approx(0.001)
    now = 103.0
    assert director.fate().delay_seconds == pytest.approx(0.031)
    now = 200.0
    assert director.fate().delay_seconds == pytest.approx(0.051)
    director.direct(behaviour)
    assert director.fate().delay_seconds == pytest.approx(0.001)


@pytest.mark.parametrize(
    "body",
    [
        b'{"latency": {"kind": "lognormal", "median_ms": 80, "p99_ms": 20}}',
        b'{"latency": {"kind": "uniform", "min_ms": 80, "max_ms": 20}}',
        b'{"latency": {"kind": "pareto"}}',
        b'{"error_rate": 1.1}',
        b'{"error_rate": 0.5, "timeout_rate": 0.3, "timeout_after_charge_rate": 0.3}',
        b'{"eror_rate": 0.5}',
    ],
)
def test_a_behaviour_that_cannot_be_is_refused(body):
    """Rates over one, ends the wrong way round and unknown fields do not decode."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Behaviour)
