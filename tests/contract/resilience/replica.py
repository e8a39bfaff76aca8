"""A replica in a process of its own: says when its circuit is closed, and when it has come to be open."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process

from seawall.resilience import CircuitOpen
from seawall.resilience.circuit import CircuitSettings
from seawall.resilience.circuit_breaker import CircuitBreaker
from seawall.resilience.shared_circuit import share_circuit
from seawall.testing import until
from seawall.valkey import open_valkey

SLOW = CircuitSettings(least_calls=4, open_seconds=3600, most_open_seconds=3600)
POLL_SECONDS = 0.02


async def start(valkey_url: str, key: str) -> Process:
    """Starts it; it tells on its standard output."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return await asyncio.create_subprocess_exec(
        sys.executable, __file__, valkey_url, key, stdout=PIPE, env=environment
    )


async def answer() -> int:
    return 42


async def is_refused(breaker: CircuitBreaker) -> bool:
    try:
        await breaker.execute(answer)
    except CircuitOpen:
        return True
    return False


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def main(valkey_url: str, key: str) -> None:
    async with (
        open_valkey(valkey_url) as valkey,
        share_circuit("db", valkey, key=key, poll_seconds=POLL_SECONDS) as shared,
    ):
        breaker = CircuitBreaker("db", SLOW, storage=shared)
        say("refused" if await is_refused(breaker) else "answered")
        await until(lambda: is_refused(breaker), timeout_seconds=60)
        say("refused")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
