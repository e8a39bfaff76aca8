"""Policies: what may happen around a call. One shape for all, so that they compose.

Source: Kit, `endpoint.Middleware`; Failsafe, policy composition.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar

T = TypeVar("T")

Call = Callable[[], Awaitable[T]]
"""A call without arguments; each time it is called it makes the call anew."""


class Policy(Protocol):
    """Makes a call, or not, or again. May be used by any number of tasks of one loop at once.

    Raises what the call raises, or a ResilienceError. Cancelling `execute` cancels the call, and leaves
    the policy as if the call had never been made.
    """

    async def execute(self, call: Call[T]) -> T:
        """What the call returns."""
        ...


def compose(*policies: Policy) -> Policy:
    """One policy of several: the first is outermost. `compose(timeout, retry, breaker, bulkhead)`."""
    return policies[0] if len(policies) == 1 else _Composed(policies)


class _Composed:
    def __init__(self, policies: tuple[Policy, ...]) -> None:
        self._inmost_first = tuple(policy.execute for policy in reversed(policies))

    async def execute(self, call: Call[T]) -> T:
        for execute in self._inmost_first:
            call = partial(execute, call)
        return await call()
