"""What a cache says of itself, labelled by its name.

Hits of the first level are read where they are counted: a Prometheus counter costs more than a hit.
"""

from collections.abc import Iterator
from typing import Protocol
from weakref import WeakSet

from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

FETCHES = Counter(
    "seawall_cache_fetches_total",
    "Fetches beyond the first level: read from the second, loaded, stale (a load failed), failed",
    ["cache", "outcome"],
)
LOAD_SECONDS = Histogram(
    "seawall_cache_load_seconds",
    "Duration of loads",
    ["cache"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
STORE_FAILURES = Counter(
    "seawall_cache_store_failures_total", "Calls of the second level that got no usable answer", ["cache"]
)
REFUSED_FILLS = Counter(
    "seawall_cache_refused_fills_total", "Loaded values not stored: the key changed meanwhile", ["cache"]
)
UNDECODABLE = Counter("seawall_cache_undecodable_total", "Entries that could not be read", ["cache"])
EARLY_REFRESHES = Counter(
    "seawall_cache_early_refreshes_total", "Refreshes begun before the value's end", ["cache"]
)


class Table(Protocol):
    """What is read when the metrics are."""

    hits: int
    misses: int
    evictions: int

    def __len__(self) -> int: ...
    @property
    def weight(self) -> int: ...


class Watched(Protocol):
    """A cache whose first level is told of."""

    name: str

    @property
    def is_sighted(self) -> bool: ...
    @property
    def first_level(self) -> Table: ...


class _FirstLevels(Collector):
    def __init__(self) -> None:
        self._caches: WeakSet[Watched] = WeakSet()

    def add(self, cache: Watched) -> None:
        self._caches.add(cache)

    def remove(self, cache: Watched) -> None:
        self._caches.discard(cache)

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        caches = sorted(self._caches, key=lambda cache: cache.name)
        for kind in ("hits", "misses", "evictions"):
            counter = CounterMetricFamily(
                f"seawall_cache_l1_{kind}", f"First level: {kind}", labels=["cache"]
            )
            for cache in caches:
                counter.add_metric([cache.name], getattr(cache.first_level, kind))
            yield counter
        yield _gauge("seawall_cache_l1_bytes", {c.name: c.first_level.weight for c in caches})
        yield _gauge("seawall_cache_l1_entries", {c.name: len(c.first_level) for c in caches})
        yield _gauge("seawall_cache_sighted", {c.name: int(c.is_sighted) for c in caches})


def _gauge(name: str, values: dict[str, int]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, _HELP[name], labels=["cache"])
    for cache, value in values.items():
        gauge.add_metric([cache], value)
    return gauge


_HELP = {
    "seawall_cache_l1_bytes": "First level: bytes held",
    "seawall_cache_l1_entries": "First level: entries held",
    "seawall_cache_sighted": "Whether every change is told (1), or changes may go untold (0)",
}
FIRST_LEVELS = _FirstLevels()
REGISTRY.register(FIRST_LEVELS)
