"""`seawall.ratelimit` beside `limits`: one charge on the same real Valkey, and in memory."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

from limits import RateLimitItemPerDay, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import (
    FixedWindowRateLimiter,
    MovingWindowRateLimiter,
    RateLimiter,
    SlidingWindowCounterRateLimiter,
)

from seawall.ratelimit import Charge, MemoryRateLimiter, Rule, ValkeyRateLimiter
from seawall.valkey import open_valkey
from tools.devstack.shared import shared_server
from tools.libbench.comparison import Comparison, Run, one_by_one

CALLERS = 64
# More than a bench can ask for: every charge is allowed.
PER_MINUTE = 5_000_000
MANY = RateLimitItemPerMinute(PER_MINUTE)
WIDE = [Charge(Rule("wide", PER_MINUTE, 60), "ann")]
TWO = [*WIDE, Charge(Rule("second", PER_MINUTE, 60), "ann")]
SPENT = Charge(Rule("spent", 1, 86_400), "ann")

Call = Callable[[], Awaitable[object]]


async def at_once(call: Call, operations: int) -> None:
    """64 callers make the calls, each one after another."""
    share, rest = divmod(operations, CALLERS)
    async with asyncio.TaskGroup() as callers:
        for number in range(CALLERS):
            callers.create_task(one_by_one(call, share + (number < rest)))


@asynccontextmanager
async def suite() -> AsyncIterator[list[Comparison]]:
    """Starts a Valkey, or joins the one that tests share. Keys are of this run, and lapse."""
    with shared_server("valkey") as url:
        async with open_valkey(url, max_connections=CALLERS) as valkey:
            ours = ValkeyRateLimiter(valkey)
            storage = RedisStorage(f"async+{url}", implementation="redispy", key_prefix=_run())
            theirs = _strategies(storage)
            local = MemoryRateLimiter()
            take = partial(ours.take, _run())
            await take([SPENT])
            yield [
                Comparison("a charge on Valkey", _single(partial(take, WIDE)), _hits(theirs, 1)),
                Comparison("64 callers on Valkey", partial(at_once, partial(take, WIDE)), _rush(theirs)),
                Comparison("a denial on Valkey", _single(partial(take, [SPENT])), _denials(theirs)),
                Comparison("two rules on Valkey", _single(partial(take, TWO)), _hits(theirs, 2)),
                Comparison(
                    "a charge in memory",
                    _single(partial(local.take, "bench", WIDE)),
                    _hits(_strategies(MemoryStorage()), 1),
                ),
            ]


def _run() -> str:
    return f"libbench-{secrets.token_hex(4)}"


def _strategies(storage: RedisStorage | MemoryStorage) -> Mapping[str, RateLimiter]:
    return {
        "limits, fixed window": FixedWindowRateLimiter(storage),
        "limits, sliding counter": SlidingWindowCounterRateLimiter(storage),
        "limits, moving window": MovingWindowRateLimiter(storage),
    }


def _single(call: Call) -> Run:
    return partial(one_by_one, call)


def _hits(strategies: Mapping[str, RateLimiter], rules: int) -> Mapping[str, Run]:
    """A request under so many rules, each a call of its own."""
    subjects = [f"rule {number}" for number in range(rules)]
    return {name: _single(partial(_hit, each, name, subjects)) for name, each in strategies.items()}


def _rush(strategies: Mapping[str, RateLimiter]) -> Mapping[str, Run]:
    return {name: partial(at_once, partial(_hit, each, name, ["rush"])) for name, each in strategies.items()}


def _denials(strategies: Mapping[str, RateLimiter]) -> Mapping[str, Run]:
    one = RateLimitItemPerDay(1)
    return {name: _single(partial(each.hit, one, name, "spent")) for name, each in strategies.items()}


async def _hit(strategy: RateLimiter, name: str, subjects: Sequence[str]) -> bool:
    # Their strategies keep different things under one key: the name keeps them apart.
    return all([await strategy.hit(MANY, name, subject) for subject in subjects])
