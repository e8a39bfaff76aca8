"""The retry budget beside a model that remembers every deposit."""

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from seawall.resilience import RetryBudget, RetryBudgetSettings

TTL, SHARE, PER_SECOND = 10, 0.2, 1.0
RESERVE = int(TTL * PER_SECOND)


def budget_at(clock, per_second: float = 10.0, share: float = 0.2) -> RetryBudget:
    return RetryBudget("db", RetryBudgetSettings(share=share, per_second=per_second), clock)


def test_ten_a_second_are_free() -> None:
    """Without any call there are 100 retries in 10 s: who calls rarely may retry, too."""
    budget = budget_at(lambda: 0.0)
    assert [budget.try_withdraw() for _ in range(101)] == [True] * 100 + [False]


def test_five_calls_pay_for_one_retry() -> None:
    """A fifth of the calls may be made again."""
    budget = budget_at(lambda: 0.0, per_second=0)
    for _ in range(14):
        budget.deposit()
    assert [budget.try_withdraw() for _ in range(3)] == [True, True, False]


def test_in_an_outage_the_load_grows_by_a_fifth() -> None:
    """With every call failing, 1,000 calls make 200 retries, plus what is free."""
    budget = budget_at(lambda: 0.0)
    retries = 0
    for _ in range(1_000):
        budget.deposit()
        retries += budget.try_withdraw()
    assert retries == 1_000 * 0.2 + 100


class BudgetMachine(RuleBasedStateMachine):
    """Time goes in whole seconds, which are the slices of the window."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.deposits: list[int] = []
        self.withdrawals: list[int] = []
        self.budget = RetryBudget("db", RetryBudgetSettings(TTL, SHARE, PER_SECOND), lambda: float(self.now))

    def in_window(self, instants: list[int]) -> int:
        return sum(at > self.now - TTL for at in instants)

    @property
    def expected(self) -> int:
        paid = self.in_window(self.deposits) / 5 - self.in_window(self.withdrawals)
        return max(0, int(paid + RESERVE + 1e-9))

    @rule(calls=st.integers(1, 40))
    def deposit(self, calls: int) -> None:
        for _ in range(calls):
            self.budget.deposit()
            self.deposits.append(self.now)

    @precondition(lambda self: self.expected)
    @rule(most=st.integers(1, 12))
    def withdraw(self, most: int) -> None:
        for _ in range(min(most, self.expected)):
            assert self.budget.try_withdraw()
            self.withdrawals.append(self.now)

    @precondition(lambda self: not self.expected)
    @rule()
    def withdraw_from_nothing(self) -> None:
        assert not self.budget.try_withdraw()

    @rule(seconds=st.integers(1, 15))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @invariant()
    def it_has_what_was_paid_in_lately(self) -> None:
        assert self.budget.retries == self.expected


def test_whatever_is_paid_when_it_has_what_the_last_seconds_leave() -> None:
    """Whatever is paid in and out when, it has what the last ten seconds leave."""
    run_state_machine_as_test(BudgetMachine)
