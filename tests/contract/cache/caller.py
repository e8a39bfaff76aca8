"""A process of its own with a hundred callers: `caller.py <url> <prefix> <file>`; goes at a line of input.

Each load adds a line to the file. Prints how many got the answer.
"""

import asyncio
import sys
from pathlib import Path

from contract.cache.caches import sighted_cache
from seawall.cache.valkey_store import open_valkey_store


async def main(url: str, prefix: str, loads: str) -> None:
    async def load() -> str:
        with Path(loads).open("a") as file:  # noqa: ASYNC230 - one line
            file.write("load\n")
        await asyncio.sleep(0.1)
        return "v1"

    async with open_valkey_store(url, prefix) as store, sighted_cache(store) as cache:
        print("ready", flush=True)  # noqa: T201
        await asyncio.to_thread(sys.stdin.readline)
        answers = await asyncio.gather(*(cache.get("k", load) for _ in range(100)))
        print(answers.count("v1"))  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
