"""The circuit breaker in any order of calls, ends and pauses."""

import pybreaker
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from seawall.resilience import CircuitOpen
from seawall.resilience.circuit import CircuitSettings
from seawall.resilience.circuit_breaker import CircuitBreaker
from unit.libs.resilience.calls import Held, PolicyMachine

LEAST_CALLS, OPEN_SECONDS, PROBES = 4, 5.0, 3
HOW = st.sampled_from(["answer", "fail", "cancel"])


class CircuitMachine(PolicyMachine):
    """A small circuit: four calls decide. Each call knows the change of state before which it began."""

    def __init__(self) -> None:
        super().__init__()
        limits = CircuitSettings(
            least_calls=LEAST_CALLS, window_seconds=3600, slow_seconds=3600, open_seconds=OPEN_SECONDS
        )
        self.policy = self.breaker = CircuitBreaker("db", limits, clock=self.loop.time, uniform=lambda: 0.0)
        self.era = 0
        self.began_in: dict[Held, int] = {}
        self.opened_at = 0.0

    def note(self, before: str) -> None:
        if self.breaker.state != before:
            self.era += 1
            if self.breaker.state == pybreaker.STATE_OPEN:
                self.opened_at = self.loop.time()

    def probes(self) -> list[Held]:
        return [held for held in self.under_way if self.began_in[held] == self.era]

    @rule()
    def call(self) -> None:
        before, probing = self.breaker.state, len(self.probes())
        held = self.begin()
        self.note(before)
        self.began_in[held] = self.era
        if held.is_under_way:
            assert before == pybreaker.STATE_CLOSED or probing < PROBES
            if before == pybreaker.STATE_OPEN:
                assert self.loop.time() - self.opened_at >= OPEN_SECONDS / 2
        else:
            assert isinstance(held.error, CircuitOpen)
            assert before != pybreaker.STATE_CLOSED

    @precondition(lambda self: self.under_way)
    @rule(number=st.integers(0), how=HOW)
    def end_one(self, number: int, how: str) -> None:
        held, before = self.under_way[number % len(self.under_way)], self.breaker.state
        is_late = self.began_in[held] != self.era
        self.end(held, how)
        self.note(before)
        if is_late or how == "cancel":
            assert self.breaker.state == before
        elif before == pybreaker.STATE_HALF_OPEN and how == "fail":
            assert self.breaker.state == pybreaker.STATE_OPEN

    @rule(seconds=st.sampled_from([1.0, 5.0, 30.0, 60.0]))
    def time_passes(self, seconds: float) -> None:
        before = self.breaker.state
        self.loop.pass_seconds(seconds)
        assert self.breaker.state == before

    @invariant()
    def half_open_it_lets_few_through(self) -> None:
        if self.breaker.state == pybreaker.STATE_HALF_OPEN:
            assert len(self.probes()) <= PROBES

    @invariant()
    def no_permit_is_lost(self) -> None:
        """However it came there, it lets as many probes through as it may."""
        if self.breaker.state != pybreaker.STATE_HALF_OPEN or self.probes():
            return
        probes = [self.begin() for _ in range(PROBES)]
        assert all(probe.is_under_way for probe in probes)
        for probe in probes:
            self.began_in[probe] = self.era
            self.end(probe, "cancel")


def test_no_order_of_events_lets_a_probe_too_many_through() -> None:
    """No probe too many, no permit lost, no late result counted."""
    run_state_machine_as_test(
        CircuitMachine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None)
    )
