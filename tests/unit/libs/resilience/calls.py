"""Calls that a test answers, and machines that hypothesis drives with them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from seawall.resilience import Policy
from unit.libs.resilience.virtual_time import VirtualLoop


class Failed(Exception):
    """What a call of a test fails with, unless it says otherwise."""


def returning(answer: object) -> Callable[[], Awaitable[Any]]:
    async def call() -> object:
        return answer

    return call


def raising(error: BaseException) -> Callable[[], Awaitable[Any]]:
    async def call() -> object:
        raise error

    return call


class Held:
    """A call that goes on until the test ends it. Made through a policy, as a task."""

    def __init__(self, policy: Policy, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._answer: asyncio.Future[object] = self._loop.create_future()
        self.is_under_way = False
        self.task = self._loop.create_task(policy.execute(self._call))
        # An error that no test asks for is no error of the test.
        self.task.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _call(self) -> object:
        self.is_under_way = True
        try:
            return await self._answer
        finally:
            self.is_under_way = False

    def answer(self, answer: object = None) -> None:
        self._answer.set_result(answer)

    def fail(self, error: Exception | None = None) -> None:
        self._answer.set_exception(error or Failed())

    @property
    def error(self) -> BaseException | None:
        """What the policy raised, once it has ended."""
        if self.task.cancelled():
            return asyncio.CancelledError()
        return self.task.exception()


class PolicyMachine(RuleBasedStateMachine):
    """Held calls on a loop whose time is made. `under_way` are those that the policy has let through."""

    policy: Policy

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.under_way: list[Held] = []
        self.waiting: list[Held] = []

    def begin(self) -> Held:
        """Makes a call, and lets it come as far as it does."""
        held = Held(self.policy, self.loop)
        self.loop.settle()
        self.sort(held)
        return held

    def sort(self, *new: Held) -> None:
        """Looks again which of them are under way, wait, or have ended."""
        live = [held for held in [*self.under_way, *self.waiting, *new] if not held.task.done()]
        self.under_way = [held for held in live if held.is_under_way]
        self.waiting = [held for held in live if not held.is_under_way]

    def end(self, held: Held, how: str) -> None:
        """`answer`, `fail` or `cancel`."""
        {"answer": held.answer, "fail": held.fail, "cancel": held.task.cancel}[how]()
        self.loop.settle()
        self.sort()

    def teardown(self) -> None:
        self.loop.end()
