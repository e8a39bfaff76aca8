"""Time, chance and a source for the tests of the cache, all of them given."""

import asyncio


class Clock:
    """Stands until it is moved."""

    def __init__(self, at=1000.0):
        self.at = at

    def __call__(self):
        return self.at

    def move(self, seconds):
        self.at += seconds


class Chance:
    """Draws what it is told; a half gives no jitter."""

    def __init__(self):
        self.next = 0.5

    def __call__(self):
        return self.next


class Source:
    """Gives `answer`, or raises it; a load moves the clock by `seconds`. With a gate it waits for that."""

    def __init__(self, clock):
        self.asked, self.answer, self.seconds, self.gate = 0, "v1", 0.0, None
        self._clock = clock

    async def __call__(self):
        self.asked += 1
        answer = self.answer
        if self.gate is not None:
            await self.gate.wait()
        self._clock.move(self.seconds)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close_gate(self):
        self.gate = asyncio.Event()
        return self.gate
