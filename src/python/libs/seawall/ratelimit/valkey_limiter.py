"""The limiter that all replicas share: one Lua call on Valkey, by the server's clock."""

from collections.abc import Sequence

from seawall.ratelimit.decision import DecidedBy, Decision, decision
from seawall.ratelimit.keys import keys_of
from seawall.ratelimit.metrics import recorded
from seawall.ratelimit.rule import Charge
from seawall.valkey import Script, Valkey

# Ticks are counted from 2026: seconds since 1970 would leave a double too few bits for them.
SERVER_CLOCK = """
local time = redis.call('TIME')
local now = (time[1] - 1767225600) * 10000000 + time[2] * 10
"""

# ARGV holds tolerance and cost of each key, in ticks; the reply is each key's debt before the call.
_GCRA = """
local function store(key, debt)
  redis.call('SET', key, string.format('%.0f', now + debt), 'PX', math.ceil(debt / 10000))
end

local arrivals = redis.call('MGET', unpack(KEYS))
local debts, allowed = {}, true
for i, key in ipairs(KEYS) do
  local tolerance, cost = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  debts[i] = math.max((tonumber(arrivals[i]) or 0) - now, 0)
  -- The rule was changed, or the clock set back.
  if debts[i] > tolerance then debts[i] = tolerance; store(key, tolerance) end
  allowed = allowed and debts[i] + cost <= tolerance
end
for i, key in ipairs(KEYS) do
  local cost = tonumber(ARGV[2 * i])
  if allowed and cost > 0 then store(key, debts[i] + cost) end
end
return debts
"""


def gcra_script(clock: str = SERVER_CLOCK) -> Script:
    """The script, with Lua that sets `now`, in ticks."""
    return Script(clock + _GCRA)


class ValkeyRateLimiter:
    """GCRA on Valkey: exact for any number of replicas, whatever their clocks say.

    A key lapses when its capacity is whole again. Where the server's clock is set back, no more than one
    capacity has to come back anew. Errors: seawall.valkey.ValkeyError; then charges may have been taken.
    """

    def __init__(self, valkey: Valkey, script: Script | None = None) -> None:
        self._valkey = valkey
        self._script = script or gcra_script()

    async def take(self, tenant: str, charges: Sequence[Charge]) -> Decision:
        """See RateLimiter. One call of Valkey."""
        keys = keys_of(tenant, charges)
        if not keys:
            return Decision((), DecidedBy.SHARED)
        numbers = [number for charge in charges for number in (charge.rule.tolerance, charge.cost)]
        debts = await self._script(self._valkey, keys, numbers)
        return recorded(decision(charges, debts, DecidedBy.SHARED))
