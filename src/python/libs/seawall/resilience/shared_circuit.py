"""A circuit whose state all replicas share through Valkey.

No call waits for Valkey: pybreaker's storage is in memory here, and exchanged beside the calls.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from seawall.extras import extra
from seawall.resilience.metrics import CIRCUIT_SHARED
from seawall.tasks import end

with extra("breaker,valkey"):
    from pybreaker import STATE_CLOSED, CircuitMemoryStorage

    from seawall.valkey import Script, Valkey, ValkeyError

_log = logging.getLogger("seawall.resilience")

# Who moves the circuit on from the generation that is stored writes the next; who is late learns what is.
_EXCHANGE = Script("""
local stored = tonumber(redis.call('HGET', KEYS[1], 'generation'))
local seen, has_moved = tonumber(ARGV[1]), ARGV[2] == '1'
local is_ours = stored == nil or (has_moved and stored == seen)
if is_ours then
  stored = has_moved and seen + 1 or seen
  redis.call('HSET', KEYS[1], 'generation', stored, 'state', ARGV[3], 'counter', ARGV[4])
end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return {is_ours and 1 or 0, stored, unpack(redis.call('HMGET', KEYS[1], 'state', 'counter'))}
""")


class SharedCircuit(CircuitMemoryStorage):
    """The storage of one CircuitBreaker of this process: `CircuitBreaker(name, storage=shared)`.

    Moves of one replica reach the others within `poll_seconds`. Of two at once the first counts. While
    Valkey is away each replica goes by what it sees itself.
    """

    def __init__(
        self, name: str, valkey: Valkey, *, key: str | None = None, ttl_seconds: float = 300
    ) -> None:
        """Replicas share what has the same `key`; it is forgotten `ttl_seconds` after the last of them."""
        super().__init__(STATE_CLOSED)
        self._valkey = valkey
        self._key = key or f"circuit:{name}"
        self._ttl_ms = int(ttl_seconds * 1000)
        self._generation = 0
        self._moves = self._told = 0
        self._moved = asyncio.Event()
        self._failed = CIRCUIT_SHARED.labels(name)

    @property
    def state(self) -> str:
        """What this process knows of it."""
        return self._state

    @state.setter
    def state(self, state: str) -> None:
        self._state = state
        self._moves += 1
        self._moved.set()

    async def exchange(self) -> None:
        """Tells what was moved here, and learns what others did. Raises ValkeyError; nothing is lost then."""
        moves = self._moves
        has_moved = int(moves > self._told)
        arguments: list[str | int | float] = [
            self._generation,
            has_moved,
            self._state,
            self.counter,
            self._ttl_ms,
        ]
        is_ours, generation, state, counter = await _EXCHANGE(self._valkey, keys=[self._key], args=arguments)
        if is_ours:
            # What was moved during the exchange is told by the next one.
            self._generation, self._told = generation, moves
        elif generation != self._generation:
            self._generation, self._told = generation, self._moves
            self._state, self._fail_counter = state, int(counter)

    async def keep(self, poll_seconds: float) -> None:
        """Exchanges for ever: at once after a move, else every `poll_seconds`."""
        while True:
            self._moved.clear()
            try:
                await self.exchange()
            except ValkeyError as error:
                self._failed.inc()
                _log.warning("the state of a circuit is not shared", extra={"error": str(error)})
            with suppress(TimeoutError):
                async with asyncio.timeout(poll_seconds):
                    await self._moved.wait()


@asynccontextmanager
async def share_circuit(
    name: str, valkey: Valkey, *, key: str | None = None, poll_seconds: float = 0.5
) -> AsyncIterator[SharedCircuit]:
    """A SharedCircuit that is kept up to date for the block."""
    shared = SharedCircuit(name, valkey, key=key)
    task = asyncio.create_task(shared.keep(poll_seconds), name=f"circuit {name}")
    try:
        yield shared
    finally:
        await end(task)
