"""The stores of AWS, as CloudWatch tells of them: what `cloud_watch.py` asks for, and nothing else."""

from components.watching.store_queries import Figure, StoreQueries
from promql import most

SERVER, CLUSTER = "dimension_DBInstanceIdentifier", "dimension_DBClusterIdentifier"
BROKER, NODE = "dimension_Broker_ID", "dimension_CacheClusterId"


def aws_stores(max_connections: int) -> StoreQueries:
    """`max_connections` of a server of PostgreSQL, which CloudWatch does not know.

    Averages and means where a store in the cluster tells of the worst hundredth: AWS gives no other.
    """
    offline = most("aws_kafka_offline_partitions_count_maximum")
    controllers = most("aws_kafka_active_controller_count_maximum")
    return StoreQueries(
        postgres_connections=_of("rds_database_connections_maximum", SERVER, f" / {max_connections}"),
        postgres_lag=_of("rds_aurora_replica_lag_maximum", SERVER, " / 1000"),
        postgres_commits=_of("rds_commit_throughput_average", SERVER),
        postgres_cache_hits=_of("rds_buffer_cache_hit_ratio_average", SERVER, " / 100"),
        postgres_deadlocks=_of("rds_deadlocks_average", SERVER),
        postgres_bytes=_of("rds_volume_bytes_used_average", CLUSTER),
        kafka_under_replicated=_of("kafka_under_replicated_partitions_maximum", BROKER),
        kafka_offline=Figure(offline),
        kafka_controllers=Figure(controllers),
        kafka_bytes_in=_of("kafka_bytes_in_per_sec_average", BROKER, says="in"),
        kafka_bytes_out=_of("kafka_bytes_out_per_sec_average", BROKER, says="out"),
        kafka_produce=_of("kafka_produce_total_time_ms_mean_average", BROKER, " / 1000", "mean"),
        valkey_memory=_of("elasticache_database_memory_usage_percentage_maximum", NODE, " / 100"),
        valkey_cpu=_of("elasticache_engine_cpuutilization_average", NODE, " / 100"),
        valkey_evictions=_of("elasticache_evictions_sum", NODE, " / 60"),
        disks=_of("kafka_data_logs_disk_used_maximum", BROKER, " / 100"),
        # What CloudWatch has no value of is NaN, which no comparison finds.
        watched={
            "postgres": "aws_rds_database_connections_maximum >= 0",
            "kafka": "aws_kafka_active_controller_count_maximum >= 0",
            "valkey": "aws_elasticache_database_memory_usage_percentage_maximum >= 0",
        },
    )


def _of(metric: str, label: str, unit: str = "", says: str = "") -> Figure:
    return Figure(most(f"aws_{metric}", label) + unit, label, says)
