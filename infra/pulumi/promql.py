"""Words of PromQL, for what is asked over and over."""

from datetime import timedelta

from components.microservice.scaling import SERVICE_LABEL
from components.shop_namespace import SHOP

# Grafana's own: at least four scrapes, and no gaps between the points of a wide view.
SINCE = "$__rate_interval"
UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def inside(namespace: str, metric: str, *matchers: str) -> str:
    """The metric of all pods of a namespace."""
    all_of_them = ",".join([f'namespace="{namespace}"', *matchers])
    return f"{metric}{{{all_of_them}}}"


def shop(metric: str, *matchers: str) -> str:
    """The metric of all pods of the shop."""
    return inside(SHOP, metric, *matchers)


def service(name: str) -> str:
    """A matcher: the pods of one service. A monitor writes this label onto all that it reads."""
    return f'{SERVICE_LABEL}="{name}"'


def rate(selector: str, since: str = SINCE) -> str:
    """Per second."""
    return f"rate({selector}[{since}])"


def increase(selector: str, since: str) -> str:
    """How many more. For a counter that is there from the start: of one that appears the first are missed."""
    return f"increase({selector}[{since}])"


def grown(selector: str, since: str) -> str:
    """How many more, also of a counter that appears with its first event, as those with labels do."""
    return f"({selector} - ({selector} offset {since} or {selector} * 0))"


def total(expression: str, *by: str) -> str:
    """The sum of all series, or one for each value of these labels."""
    return f"sum by ({', '.join(by)}) ({expression})" if by else f"sum({expression})"


def most(expression: str, *by: str) -> str:
    """The largest, where every pod tells the same of one store, or the worst counts."""
    return f"max by ({', '.join(by)}) ({expression})" if by else f"max({expression})"


def quantile(
    share: float, histogram: str, *matchers: str, by: tuple[str, ...] = (), since: str = SINCE
) -> str:
    """Below which this share of the observations is, as far as the buckets tell."""
    buckets = total(rate(shop(f"{histogram}_bucket", *matchers), since), *by, "le")
    return f"histogram_quantile({share:g}, {buckets})"


def duration(span: timedelta) -> str:
    """As Prometheus writes it, in the largest unit that it is a multiple of: 3d, 6h, 30m."""
    seconds = int(span.total_seconds())
    unit, size = next((unit, size) for unit, size in UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"
