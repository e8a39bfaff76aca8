"""What customers are promised, and how fast a promise may be broken before somebody is told.

Source: The Site Reliability Workbook, "Alerting on SLOs", multi-window, multi-burn-rate alerts.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from promql import duration, rate, service, shop, total

PERIOD = timedelta(days=30)
PURCHASE = 'route="/v1/sales/{sale_id}/orders"'
# What Kubernetes and Prometheus ask is nobody's purchase.
OF_CUSTOMERS = 'route!~"/livez|/readyz|/metrics|/metrics/envoy"'
ANSWERED = 'status!~"5.."'

Severity = Literal["critical", "warning"]


@dataclass(frozen=True)
class Objective:
    """A share of events that are good, over `PERIOD`. `events` and `good` are selectors of counters."""

    name: str
    promise: str
    target: float
    events: str
    good: str
    runbook: str = "sale-day.md"

    @property
    def budget(self) -> float:
        """The share that may be bad."""
        return 1 - self.target

    def errors(self, window: timedelta) -> str:
        """The share that was bad in a window: NaN, which is above nothing, while there was no event."""
        since = duration(window)
        # Where all fail there is no series of good ones.
        good = f"({total(rate(self.good, since))} or vector(0))"
        return f"1 - {good} / {total(rate(self.events, since))}"


@dataclass(frozen=True)
class Burn:
    """Tells when `spent`, a share of the budget, went within `long`, and still goes within `short`."""

    spent: float
    long: timedelta
    short: timedelta
    severity: Severity

    @property
    def rate(self) -> float:
        """How many times faster than would use up the budget at the end of the period."""
        return self.spent * (PERIOD / self.long)

    def threshold(self, objective: Objective) -> float:
        """The share of bad events at which it burns at this rate."""
        return self.rate * objective.budget


BURNS = (
    Burn(0.02, timedelta(hours=1), timedelta(minutes=5), "critical"),
    Burn(0.05, timedelta(hours=6), timedelta(minutes=30), "critical"),
    Burn(0.10, timedelta(days=3), timedelta(hours=6), "warning"),
)
WINDOWS = tuple(sorted({window for burn in BURNS for window in (burn.long, burn.short)}))

_REQUESTS = "seawall_http_requests_total"
_SECONDS = "seawall_http_request_seconds"
_CHECKOUT = "shop_orders_checkout_seconds"
_ORDERS, _CATALOG = service("orders"), service("catalog")

# Who is told to come back later (503) was not served: overload spends the budget. Sold out is an answer.
OBJECTIVES = (
    Objective(
        "purchase-answered",
        "99.9 % of the requests for an order are accepted or refused for a reason of the sale",
        0.999,
        events=shop(_REQUESTS, _ORDERS, PURCHASE),
        good=shop(_REQUESTS, _ORDERS, PURCHASE, ANSWERED),
    ),
    Objective(
        "purchase-fast",
        "99 % of the requests for an order are answered within 0.5 s",
        0.99,
        events=shop(f"{_SECONDS}_count", _ORDERS, PURCHASE),
        good=shop(f"{_SECONDS}_bucket", _ORDERS, PURCHASE, 'le="0.5"'),
    ),
    Objective(
        "order-decided",
        "99 % of the accepted orders are confirmed or cancelled within 10 s",
        0.99,
        events=shop(f"{_CHECKOUT}_count"),
        good=shop(f"{_CHECKOUT}_bucket", 'le="10.0"'),
    ),
    Objective(
        "catalog-answered",
        "99.9 % of the requests for what is on sale are answered",
        0.999,
        events=shop(_REQUESTS, _CATALOG, OF_CUSTOMERS),
        good=shop(_REQUESTS, _CATALOG, OF_CUSTOMERS, ANSWERED),
    ),
)
