"""What the policies show of themselves. The label `name` is the policy's: given in code, so bounded.

Gauges are read when somebody asks for the metrics; counters count what is not as usual.
"""

from prometheus_client import Counter, Gauge

TIMEOUTS = Counter("seawall_timeouts_total", "Calls ended by a limit or a deadline", ["name", "cause"])

RETRIES = Counter("seawall_retries_total", "Calls made again", ["name"])
RETRIES_GIVEN_UP = Counter(
    "seawall_retries_given_up_total", "Failed calls that were not made again", ["name", "reason"]
)
RETRY_BALANCE = Gauge("seawall_retry_budget_retries", "Retries that the budget would pay for now", ["name"])

CIRCUIT_STATE = Gauge("seawall_circuit_state", "0 closed, 1 half-open, 2 open", ["name"])
CIRCUIT_BAD = Counter("seawall_circuit_bad_calls_total", "Calls that were failed or slow", ["name"])
CIRCUIT_OPENED = Counter("seawall_circuit_opened_total", "Times that the circuit opened", ["name"])
CIRCUIT_SHARED = Counter(
    "seawall_circuit_exchanges_failed_total", "Times that the shared state could not be reached", ["name"]
)

FALLBACKS = Counter("seawall_fallbacks_total", "Calls answered by something else", ["name"])

BULKHEAD_SIZE = Gauge("seawall_bulkhead_size", "Calls that may be under way at once", ["name"])
BULKHEAD_USED = Gauge("seawall_bulkhead_in_use", "Calls under way", ["name"])
BULKHEAD_WAITING = Gauge("seawall_bulkhead_waiting", "Calls that wait for a permit", ["name"])

LIMIT = Gauge("seawall_concurrency_limit", "How many calls may be under way now", ["name"])
LIMIT_USED = Gauge("seawall_concurrency_in_use", "Calls under way", ["name"])
LIMIT_WAITING = Gauge("seawall_concurrency_waiting", "Calls that wait", ["name"])
SHED = Counter("seawall_shed_total", "Calls shed", ["name", "priority", "reason"])
LOOP_LAG = Gauge("seawall_event_loop_lag_seconds", "How late the event loop was lately, at most")

THROTTLE_SHARE = Gauge("seawall_throttle_share", "Share of calls refused on this side", ["name"])

REJECTED = Counter("seawall_rejected_total", "Calls not made", ["name", "policy"])

HEDGES = Counter("seawall_hedges_total", "Second attempts while the first was under way", ["name", "winner"])
