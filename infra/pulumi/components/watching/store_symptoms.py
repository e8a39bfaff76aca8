"""What must not be of a store itself, whichever platform runs it. docs/runbooks/stores.md says what to do."""

from datetime import timedelta

from components.watching.rules import Alert
from components.watching.store_queries import Figure, StoreQueries
from objectives import Severity

RUNBOOK = "stores.md"
DAY_SECONDS = 86_400


def store_symptoms(stores: StoreQueries) -> list[Alert]:
    """For the stores that these queries ask."""
    return [*_postgres(stores), *_kafka(stores), *_others(stores), *_unwatched(stores)]


def _postgres(stores: StoreQueries) -> list[Alert]:
    used, lag = stores.postgres_connections, stores.postgres_lag
    return [
        _alert(
            "ConnectionsRunOut",
            f"{used.part} has {{{{ $value | humanizePercentage }}}} of the connections that it takes",
            _above(used, 0.8),
            "warning",
            minutes=5,
        ),
        _alert(
            "ReplicaLags",
            f"{lag.part} is {{{{ $value }}}} s behind the primary of PostgreSQL",
            _above(lag, 30),
            "warning",
            minutes=5,
        ),
    ]


def _kafka(stores: StoreQueries) -> list[Alert]:
    fewer = stores.kafka_under_replicated
    return [
        _alert(
            "PartitionsUnderReplicated",
            f"{{{{ $value }}}} partitions led by {fewer.part} have fewer copies than they should",
            _above(fewer, 0),
            "warning",
            minutes=10,
        ),
        _alert(
            "PartitionsOffline",
            "{{ $value }} partitions have no leader: nothing is written to them or read from them",
            _above(stores.kafka_offline, 0),
            "critical",
            minutes=1,
        ),
        _alert(
            "NoController",
            "No broker of Kafka is the active controller: no partition gets another leader",
            f"{stores.kafka_controllers.expression} == 0",
            "critical",
            minutes=2,
        ),
    ]


def _others(stores: StoreQueries) -> list[Alert]:
    memory, disks = stores.valkey_memory, stores.disks
    share = f"({disks.expression})"
    # As it grew in six hours, it is full in a day; what is half empty is let grow.
    soon = f"{share} > 0.5 and predict_linear({share}[6h:5m], {DAY_SECONDS}) > 1"
    return [
        _alert(
            "ValkeyFills",
            f"{memory.part} has {{{{ $value | humanizePercentage }}}} of the memory that it may have",
            _above(memory, 0.85),
            "warning",
            minutes=5,
        ),
        _alert(
            "StoreDiskFills",
            f"The disk of {disks.part} is full to {{{{ $value | humanizePercentage }}}}",
            f"{share} > 0.85 or ({soon})",
            "warning",
            minutes=15,
        ),
    ]


def _unwatched(stores: StoreQueries) -> list[Alert]:
    return [
        Alert(
            "StoreUnwatched",
            f"Nothing is told of {store}: its exporter, or all of it, is away",
            f"absent({selector})",
            "warning",
            RUNBOOK,
            timedelta(minutes=5),
            {"store": store},
        )
        for store, selector in stores.watched.items()
    ]


def _above(figure: Figure, bound: float) -> str:
    return f"{figure.expression} > {bound:g}"


def _alert(name: str, summary: str, expression: str, severity: Severity, *, minutes: int) -> Alert:
    return Alert(name, summary, expression, severity, RUNBOOK, timedelta(minutes=minutes))
