"""The dashboard of stores and messages, as the services see them, and as the stores see themselves."""

from components.microservice.scaling import SERVICE_LABEL
from components.watching.grafana import Dashboard, Panel, Query, Row
from components.watching.store_queries import StoreQueries
from promql import most, quantile, rate, shop, total

LEGEND = f"{{{{{SERVICE_LABEL}}}}}"


def stores_board(stores: StoreQueries) -> Dashboard:
    """PostgreSQL by its transactions, Kafka by messages, Valkey by calls, and the caches before them.

    Beside each what it says of itself: `stores` asks for that as the platform has it.
    """
    rows = (
        _postgres(),
        _postgres_itself(stores),
        _kafka(),
        _kafka_itself(stores),
        _valkey(),
        _valkey_itself(stores),
        _caches(),
        Row("Disks of the stores", (Panel("Full", (stores.disks.query,), "percentunit"),)),
    )
    return Dashboard("seawall-stores", "Stores and messages", rows)


def _postgres() -> Row:
    commits = "seawall_group_commit"
    return Row(
        "PostgreSQL",
        (
            Panel(
                "A group commit: its time, and the wait for it",
                (
                    Query(quantile(0.99, f"{commits}_seconds", by=(SERVICE_LABEL,)), f"{LEGEND} p99"),
                    Query(
                        quantile(0.99, f"{commits}_wait_seconds", by=(SERVICE_LABEL,)), f"{LEGEND} wait p99"
                    ),
                ),
                "s",
            ),
            Panel(
                "Items in one transaction",
                (Query(quantile(0.5, f"{commits}_batch", by=(SERVICE_LABEL,)), f"{LEGEND} p50"),),
                tells="It grows with the load: that is how it keeps up.",
            ),
            Panel(
                "Rows that inboxes remember",
                (Query(most(shop("seawall_inbox_rows"), SERVICE_LABEL), LEGEND),),
                tells="PostgreSQL's own estimate.",
            ),
        ),
    )


def _postgres_itself(stores: StoreQueries) -> Row:
    return Row(
        "PostgreSQL, by itself",
        (
            Panel("Connections, of those that it takes", (stores.postgres_connections.query,), "percentunit"),
            Panel("Behind the primary", (stores.postgres_lag.query,), "s"),
            Panel("Commits", (stores.postgres_commits.query,), "ops"),
            Panel(
                "Found in its cache",
                (stores.postgres_cache_hits.query,),
                "percentunit",
                "When it falls, the data that is worked on has outgrown the memory.",
            ),
            Panel("Deadlocks", (stores.postgres_deadlocks.query,), "ops"),
            Panel("Size of the data", (stores.postgres_bytes.query,), "bytes"),
        ),
    )


def _kafka_itself(stores: StoreQueries) -> Row:
    return Row(
        "Kafka, by itself",
        (
            Panel(
                "Partitions in danger",
                (
                    stores.kafka_under_replicated.query,
                    Query(stores.kafka_offline.expression, "without a leader"),
                    Query(stores.kafka_controllers.expression, "active controllers"),
                ),
                tells="All are 0 but the active controllers, of which there is one.",
            ),
            Panel("Bytes of messages", (stores.kafka_bytes_in.query, stores.kafka_bytes_out.query), "Bps"),
            Panel("Time of a request to produce", (stores.kafka_produce.query,), "s"),
        ),
    )


def _valkey_itself(stores: StoreQueries) -> Row:
    return Row(
        "Valkey, by itself",
        (
            Panel("Memory, of what it may have", (stores.valkey_memory.query,), "percentunit"),
            Panel(
                "Its one thread, of a core",
                (stores.valkey_cpu.query,),
                "percentunit",
                "At 100 % it gets through no more.",
            ),
            Panel("Keys dropped for room", (stores.valkey_evictions.query,), "ops"),
        ),
    )


def _kafka() -> Row:
    return Row("Messages", (*_flow(), *_left_behind()))


def _flow() -> tuple[Panel, ...]:
    published = total(rate(shop("seawall_messages_published_total")), "topic")
    handled = total(rate(shop("seawall_messages_handled_total")), "topic", "group")
    lag = total(shop("seawall_consumer_lag"), "topic", "group")
    return (
        Panel("Published", (Query(published, "{{topic}}"),), "ops"),
        Panel("Handled", (Query(handled, "{{group}} {{topic}}"),), "ops"),
        Panel("Not handled", (Query(lag, "{{group}} {{topic}}"),)),
    )


def _left_behind() -> tuple[Panel, ...]:
    backlog = most(shop("seawall_outbox_backlog"), SERVICE_LABEL)
    refused = most(shop("seawall_outbox_parked_rows"), SERVICE_LABEL)
    again = total(shop("seawall_messages_parked"), "group")
    dead = total(shop("seawall_messages_dead_lettered_total"), "topic")
    failed = total(rate(shop("seawall_message_batches_failed_total")), "group")
    return (
        Panel("Waiting to be published", (Query(backlog, LEGEND),)),
        Panel(
            "Set aside",
            (
                Query(refused, f"{LEGEND} refused by the broker"),
                Query(again, "{{group}} to be tried again"),
            ),
        ),
        Panel("Failed", (Query(dead, "given up: {{topic}}"), Query(failed, "batches of {{group}} /s"))),
    )


def _valkey() -> Row:
    return Row(
        "Valkey",
        (
            Panel(
                "Time of a call, with the wait for a connection",
                (Query(quantile(0.99, "seawall_valkey_seconds", by=("command",)), "p99 {{command}}"),),
                "s",
            ),
            Panel(
                "Calls",
                (Query(total(rate(shop("seawall_valkey_seconds_count")), "command"), "{{command}}"),),
                "ops",
            ),
            Panel(
                "Without an answer",
                (
                    Query(total(rate(shop("seawall_valkey_unavailable_total")), SERVICE_LABEL), LEGEND),
                    Query(
                        total(rate(shop("shop_inventory_counters_unavailable_total"))), "counters of holds"
                    ),
                    Query(
                        total(rate(shop("seawall_ratelimit_outages_total")), SERVICE_LABEL),
                        f"{LEGEND} limits",
                    ),
                ),
                "ops",
            ),
        ),
    )


def _caches() -> Row:
    return Row(
        "Caches",
        (
            Panel(
                "Beyond the first level",
                (
                    Query(
                        total(rate(shop("seawall_cache_fetches_total")), "cache", "outcome"),
                        "{{cache}} {{outcome}}",
                    ),
                ),
                "ops",
            ),
            Panel(
                "Time of a load",
                (Query(quantile(0.99, "seawall_cache_load_seconds", by=("cache",)), "p99 {{cache}}"),),
                "s",
            ),
            Panel(
                "Second level without an answer",
                (Query(total(rate(shop("seawall_cache_store_failures_total")), "cache"), "{{cache}}"),),
                "ops",
            ),
        ),
    )
