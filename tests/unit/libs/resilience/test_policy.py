"""Policies compose: the first is outermost."""

from seawall.resilience import Call, compose
from seawall.resilience.policy import T
from unit.libs.resilience.calls import returning


class Noted:
    """A policy that writes down when it is entered and left."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self._name = name
        self._notes = notes

    async def execute(self, call: Call[T]) -> T:
        self._notes.append(f"{self._name} before")
        try:
            return await call()
        finally:
            self._notes.append(f"{self._name} after")


async def test_the_first_is_outermost() -> None:
    """A call passes the policies from the first to the last, and its answer from the last to the first."""
    notes: list[str] = []
    policy = compose(Noted("a", notes), Noted("b", notes), Noted("c", notes))
    assert await policy.execute(returning(42)) == 42
    assert notes == ["a before", "b before", "c before", "c after", "b after", "a after"]


async def test_a_composition_is_a_policy() -> None:
    """Compositions compose, and may be used again."""
    notes: list[str] = []
    policy = compose(compose(Noted("a", notes), Noted("b", notes)), Noted("c", notes))
    for _ in range(2):
        assert await policy.execute(returning(42)) == 42
        assert notes[:3] == ["a before", "b before", "c before"]
        notes.clear()


async def test_no_policy_makes_the_call() -> None:
    """A composition of nothing adds nothing."""
    assert await compose().execute(returning(42)) == 42
