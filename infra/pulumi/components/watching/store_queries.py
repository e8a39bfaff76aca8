"""What stores say of themselves: a query for each panel and alert, which each platform fills in."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.watching.grafana import Query


@dataclass(frozen=True)
class Figure:
    """What is asked. `label` tells the parts of the answer from each other, `says` is what a legend adds."""

    expression: str
    label: str = ""
    says: str = ""

    @property
    def query(self) -> Query:
        """As a panel has it."""
        part = f"{{{{{self.label}}}}}" if self.label else ""
        return Query(self.expression, f"{part} {self.says}".strip())

    @property
    def part(self) -> str:
        """As the summary of an alert names the part that it is about."""
        return f"{{{{ $labels.{self.label} }}}}"


@dataclass(frozen=True)
class StoreQueries:
    """Connections, cache hits, memory and disks are shares of 1, lag and produce seconds, deadlocks a second.

    `watched` has, by store, a selector that finds something for as long as the store is seen.
    """

    postgres_connections: Figure
    postgres_lag: Figure
    postgres_commits: Figure
    postgres_cache_hits: Figure
    postgres_deadlocks: Figure
    postgres_bytes: Figure
    kafka_under_replicated: Figure
    kafka_offline: Figure
    kafka_controllers: Figure
    kafka_bytes_in: Figure
    kafka_bytes_out: Figure
    kafka_produce: Figure
    valkey_memory: Figure
    valkey_cpu: Figure
    valkey_evictions: Figure
    disks: Figure
    watched: Mapping[str, str]
