"""Many timers for the price of one: most are taken back before they are due.

Source: Varghese and Lauck, Hashed and hierarchical timing wheels, 1987; Netty, HashedWheelTimer.
"""

import asyncio
import math

WIDTH_SECONDS = 0.005
"""How late a timer may be. None is early."""


class Expiry:
    """Cancels the task that made it when its time has come, unless it is taken back before."""

    __slots__ = ("_cancelling", "_task", "has_come", "slot")

    def __init__(self, task: asyncio.Task[object], slot: int) -> None:
        self.slot = slot
        self.has_come = False
        self._task = task
        self._cancelling = task.cancelling()

    def come(self) -> None:
        """The time is over."""
        self.has_come = True
        self._task.cancel()

    def took_effect(self) -> bool:
        """Whether the time has come and nobody else cancelled the task. To be asked once, at the end."""
        return self.has_come and self._task.uncancel() <= self._cancelling


class TimerWheel:
    """The timers of one loop: those that are due within one width of each other share a slot.

    The loop has at most one timer of this: at the first slot that holds any.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._slots: dict[int, set[Expiry]] = {}
        self._handle: asyncio.TimerHandle | None = None
        self._rings_at = 0

    def start(self, seconds: float) -> Expiry:
        """Ends the current task in so many seconds, by CancelledError."""
        task = asyncio.current_task(self.loop)
        if task is None:
            raise RuntimeError("time-outs need a task")
        slot = math.ceil((self.loop.time() + seconds) / WIDTH_SECONDS)
        expiry = Expiry(task, slot)
        others = self._slots.get(slot)
        if others is None:
            self._slots[slot] = {expiry}
            self._ring_by(slot)
        else:
            others.add(expiry)
        return expiry

    def take_back(self, expiry: Expiry) -> bool:
        """Ends it. True if it had come before, and a CancelledError of the task is its doing alone."""
        others = self._slots.get(expiry.slot)
        if others is not None:
            others.discard(expiry)
            if not others:
                del self._slots[expiry.slot]
        return expiry.took_effect()

    def _ring_by(self, slot: int) -> None:
        if self._handle is not None:
            if self._rings_at <= slot:
                return
            self._handle.cancel()
        self._rings_at = slot
        self._handle = self.loop.call_at(slot * WIDTH_SECONDS, self._ring)

    def _ring(self) -> None:
        self._handle = None
        # Loops round their clocks: what they woke us for is due, even if their time says not quite.
        now = max(self._rings_at, int(self.loop.time() / WIDTH_SECONDS))
        for slot in [slot for slot in self._slots if slot <= now]:
            for expiry in self._slots.pop(slot):
                expiry.come()
        if self._slots:
            self._ring_by(min(self._slots))


_latest: TimerWheel | None = None


def wheel_of_loop() -> TimerWheel:
    """The running loop's. Where loops take turns it is made anew; what was started goes on."""
    global _latest  # noqa: PLW0603
    loop = asyncio.get_running_loop()
    if _latest is None or _latest.loop is not loop:
        _latest = TimerWheel(loop)
    return _latest
