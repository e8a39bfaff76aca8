"""What a step's figures say."""

from tools.bench.meter import Use
from tools.bench.step import LEAD_SECONDS, Figures, figures
from tools.rehearsal.recorder import Recorder

SECONDS = LEAD_SECONDS + 10
RATE = 10


def sold(*, took=0.1, answered_until=SECONDS) -> tuple[Recorder, list[float]]:
    """Ten arrivals each second, each confirmed `took` later; those who come after are not answered."""
    recorder = Recorder()
    confirmed_at = []
    for number in range(SECONDS * RATE):
        at = number / RATE
        recorder.arrived(at)
        if at < answered_until:
            recorder.answered("buy", "201", at, took)
            confirmed_at.append(at + took)
        else:
            recorder.failed("buy", "dropped")
    return recorder, confirmed_at


def summed(recorder: Recorder, confirmed_at: list[float]) -> Figures:
    return figures(
        recorder,
        rate=RATE,
        seconds=SECONDS,
        confirmed_at=confirmed_at,
        confirm_seconds=[0.1] * len(confirmed_at),
        use=Use({"orders": 1.0, "postgres": 0.2}, others_cores=0.5),
    )


def test_a_rate_is_held_when_what_comes_is_confirmed_meanwhile():
    """Confirmations keep up with arrivals, and nobody is turned away."""
    found = summed(*sold())
    assert found.held
    assert found.arrivals == RATE
    assert found.confirmed == RATE
    assert found.turned_away == 0
    assert found.cpu_ms_per_order == 1200 / found.orders


def test_what_is_confirmed_after_the_load_does_not_count():
    """A queue that is worked off later is no throughput."""
    found = summed(*sold(took=5.0))
    assert not found.held
    assert found.orders == SECONDS * RATE
    assert found.confirmed == RATE * (10 - 5 + LEAD_SECONDS) / 10
    assert found.confirmed < found.confirmed_to_the_end < RATE


def test_a_rate_at_which_customers_are_turned_away_is_not_held():
    """Though all who were let in are served at once."""
    found = summed(*sold(answered_until=SECONDS - 0.3))
    assert found.turned_away == 3
    assert not found.held


def test_a_step_without_orders_has_figures():
    """Nothing is divided by zero."""
    found = summed(*sold(answered_until=0))
    assert (found.confirmed, found.orders, found.answer_p99_ms) == (0.0, 0, 0.0)
