"""The stores of a cluster of kind, as their exporters tell of them."""

from components.kind.stores_namespace import STORES
from components.watching.store_queries import Figure, StoreQueries
from promql import inside, most, rate, total

POD, VOLUME = "pod", "persistentvolumeclaim"


def kind_stores() -> StoreQueries:
    """By CloudNativePG's exporter, Kafka's and its `kafka_metrics.yaml`, redis_exporter; disks by kubelet."""
    read, found = (_each_second(f"cnpg_pg_stat_database_blks_{name}") for name in ("read", "hit"))
    main_thread = (_each_second(f"redis_cpu_{name}_main_thread_seconds_total") for name in ("user", "sys"))
    used = total(_of("cnpg_backends_total"), POD)
    takes = most(_of("cnpg_pg_settings_setting", 'name="max_connections"'), POD)
    return StoreQueries(
        postgres_connections=Figure(f"{used} / {takes}", POD),
        postgres_lag=_most("cnpg_pg_replication_lag"),
        postgres_commits=Figure(_each_second("cnpg_pg_stat_database_xact_commit"), POD),
        postgres_cache_hits=Figure(f"{found} / ({found} + {read})", POD),
        postgres_deadlocks=Figure(_each_second("cnpg_pg_stat_database_deadlocks"), POD),
        postgres_bytes=_most("cnpg_pg_database_size_bytes", "datname"),
        kafka_under_replicated=_most("kafka_broker_underreplicatedpartitions"),
        kafka_offline=Figure(most(_of("kafka_controller_offlinepartitionscount"))),
        kafka_controllers=Figure(total(_of("kafka_controller_activecontrollercount"))),
        kafka_bytes_in=Figure(_each_second("kafka_broker_bytes_in_total"), POD, "in"),
        kafka_bytes_out=Figure(_each_second("kafka_broker_bytes_out_total"), POD, "out"),
        kafka_produce=Figure(most(_of("kafka_produce_p99_seconds"), POD), POD, "p99"),
        valkey_memory=Figure(
            f"{most(_of('redis_memory_used_bytes'), POD)} / {most(_of('redis_memory_max_bytes'), POD)}", POD
        ),
        valkey_cpu=Figure(" + ".join(main_thread), POD),
        valkey_evictions=Figure(_each_second("redis_evicted_keys_total"), POD),
        disks=Figure(
            f"1 - {most(_of('kubelet_volume_stats_available_bytes'), VOLUME)}"
            f" / {most(_of('kubelet_volume_stats_capacity_bytes'), VOLUME)}",
            VOLUME,
        ),
        watched={
            "postgres": f"{_of('cnpg_collector_up')} == 1",
            "kafka": _of("kafka_controller_activecontrollercount"),
            "valkey": f"{_of('redis_up')} == 1",
        },
    )


def _of(metric: str, *matchers: str) -> str:
    return inside(STORES, metric, *matchers)


def _each_second(counter: str) -> str:
    return total(rate(_of(counter)), POD)


def _most(metric: str, label: str = POD) -> Figure:
    return Figure(most(_of(metric), label), label)
