"""Hedged calls of a real Valkey: what the loser leaves behind."""

from functools import partial

from seawall.resilience import Hedge, HedgeSettings
from seawall.valkey import open_valkey


async def test_the_losers_connection_stays_clean(valkey_url, unique) -> None:
    """A blocked read is hedged and cancelled; its late answer is never taken for that of another call."""
    async with open_valkey(valkey_url, max_connections=2) as valkey:
        hedge = Hedge("valkey", is_idempotent=True, settings=HedgeSettings(least_samples=3, most_share=0.5))
        for number in range(10):
            await valkey.set(f"{unique}:{number}", number)
            assert await hedge.execute(partial(valkey.get, f"{unique}:{number}")) == str(number)

        calls = 0

        async def slow_then_quick() -> object:
            nonlocal calls
            calls += 1
            if calls == 1:
                return await valkey.execute("BLPOP", f"{unique}:never", 5)
            return await valkey.get(f"{unique}:7")

        assert await hedge.execute(slow_then_quick) == "7"
        assert calls == 2
        await valkey.execute("RPUSH", f"{unique}:never", "late")
        for number in range(10):
            assert await valkey.get(f"{unique}:{number}") == str(number)
        assert await valkey.execute("LLEN", f"{unique}:never") == 1
