"""Alerts on the stores themselves, as Prometheus evaluates them, on either platform."""

from collections.abc import Mapping

import pytest

from unit.infra.program import run_stack
from unit.infra.promtool import PROGRAM, WHERE, Case, run
from unit.infra.queries import alerts_of

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=f"there is no promtool here: {WHERE}")

STACKS = ("kind", "aws-prod")
HOURS = 60
NOTHING = " ".join(["NaN"] * 30)
SERVER = 'dimension_DBInstanceIdentifier="seawall-postgres-0"'
BROKER = 'dimension_Cluster_Name="seawall",dimension_Broker_ID="2"'
KAFKA = 'dimension_Cluster_Name="seawall"'
NODE = 'dimension_CacheClusterId="seawall-redis-001",dimension_CacheNodeId="0001"'


def of_pod(metric, pod, labels=""):
    return f'{metric}{{namespace="stores",pod="{pod}"{labels and "," + labels}}}'


def connections(used):
    """So many of the 200 of PostgreSQL's server, in two databases."""
    setting = of_pod("cnpg_pg_settings_setting", "postgres-1", 'name="max_connections"')
    half = [
        of_pod("cnpg_backends_total", "postgres-1", f'datname="{name}"') for name in ("orders", "catalog")
    ]
    return {setting: "200x30"} | dict.fromkeys(half, f"{used / 2:g}x30")


def disk(available):
    """Of 100 bytes."""
    labels = '{namespace="stores",persistentvolumeclaim="postgres-1"}'
    return {
        f"kubelet_volume_stats_available_bytes{labels}": available,
        f"kubelet_volume_stats_capacity_bytes{labels}": f"100x{8 * HOURS}",
    }


def valkey(used):
    return {
        of_pod("redis_memory_used_bytes", "valkey-0"): f"{used}x30",
        of_pod("redis_memory_max_bytes", "valkey-0"): "100x30",
    }


def seen(**without: str) -> dict[str, str]:
    """All three stores, with other values for some."""
    values = {
        "postgres": {of_pod("cnpg_collector_up", "postgres-1", 'cluster="postgres"'): "1x30"},
        "kafka": {of_pod("kafka_controller_activecontrollercount", "shop-shop-0"): "1x30"},
        "valkey": {of_pod("redis_up", "valkey-0"): "1x30"},
    }
    return {
        series: without.get(store, value) for store, told in values.items() for series, value in told.items()
    }


def told(alert: str, says: str, series: Mapping[str, str], fires: int, minutes: int = 25, labels: str = ""):
    return Case(alert, says, dict(series), minutes, fires, labels)


LAG = "cnpg_pg_replication_lag"
OFFLINE, LEADS = "kafka_controller_offlinepartitionscount", "kafka_controller_activecontrollercount"
FEWER = "kafka_broker_underreplicatedpartitions"
ON_KIND = [
    told("ConnectionsRunOut", "170 of 200", connections(170), 1),
    told("ConnectionsRunOut", "120 of 200", connections(120), 0),
    told("ReplicaLags", "a minute", {of_pod(LAG, "postgres-2"): "60x30"}, 1),
    told("ReplicaLags", "a second", {of_pod(LAG, "postgres-2"): "1x30"}, 0),
    told("PartitionsUnderReplicated", "a broker is away", {of_pod(FEWER, "shop-shop-0"): "12x30"}, 1),
    told("PartitionsUnderReplicated", "while it restarts", {of_pod(FEWER, "shop-shop-0"): "12x5 0x25"}, 0),
    told("PartitionsOffline", "one", {of_pod(OFFLINE, "shop-shop-0"): "1x30"}, 1),
    told("PartitionsOffline", "none", {of_pod(OFFLINE, "shop-shop-0"): "0x30"}, 0),
    told("NoController", "none of two", {of_pod(LEADS, f"shop-shop-{at}"): "0x30" for at in (0, 1)}, 1),
    told(
        "NoController",
        "one of two",
        {of_pod(LEADS, "shop-shop-0"): "0x30", of_pod(LEADS, "shop-shop-1"): "1x30"},
        0,
    ),
    told("ValkeyFills", "90 of 100", valkey(90), 1),
    told("ValkeyFills", "half", valkey(50), 0),
    told("StoreDiskFills", "90 of 100", disk(f"10x{8 * HOURS}"), 1),
    told("StoreDiskFills", "60 of 100, as for days", disk(f"40x{8 * HOURS}"), 0, 7 * HOURS),
    told("StoreDiskFills", "60 of 100, six more each hour", disk(f"82-0.1x{8 * HOURS}"), 1, 7 * HOURS),
    told("StoreDiskFills", "20 of 100, six more each hour", disk(f"122-0.1x{8 * HOURS}"), 0, 7 * HOURS),
    told("StoreUnwatched", "all tell of themselves", seen(), 0),
    told("StoreUnwatched", "Valkey's exporter finds no server", seen(valkey="0x30"), 1, 25, 'store="valkey"'),
    told("StoreUnwatched", "no pod of Kafka is read", seen(kafka="_x30"), 1, 25, 'store="kafka"'),
    told("StoreUnwatched", "PostgreSQL is down", seen(postgres="0x30"), 1, 25, 'store="postgres"'),
]
ON_AWS = [
    told("ConnectionsRunOut", "1,600", {f"aws_rds_database_connections_maximum{{{SERVER}}}": "1600x30"}, 1),
    told("ConnectionsRunOut", "900", {f"aws_rds_database_connections_maximum{{{SERVER}}}": "900x30"}, 0),
    told(
        "ReplicaLags", "a minute, in ms", {f"aws_rds_aurora_replica_lag_maximum{{{SERVER}}}": "60000x30"}, 1
    ),
    told("ReplicaLags", "20 ms", {f"aws_rds_aurora_replica_lag_maximum{{{SERVER}}}": "20x30"}, 0),
    told(
        "PartitionsUnderReplicated",
        "two",
        {f"aws_kafka_under_replicated_partitions_maximum{{{BROKER}}}": "2x30"},
        1,
    ),
    told("PartitionsOffline", "one", {f"aws_kafka_offline_partitions_count_maximum{{{KAFKA}}}": "1x30"}, 1),
    told("NoController", "none", {f"aws_kafka_active_controller_count_maximum{{{KAFKA}}}": "0x30"}, 1),
    told(
        "NoController", "no value yet", {f"aws_kafka_active_controller_count_maximum{{{KAFKA}}}": NOTHING}, 0
    ),
    told(
        "ValkeyFills",
        "90 %",
        {f"aws_elasticache_database_memory_usage_percentage_maximum{{{NODE}}}": "90x30"},
        1,
    ),
    told("StoreDiskFills", "90 %", {f"aws_kafka_data_logs_disk_used_maximum{{{BROKER}}}": "90x30"}, 1),
    told("StoreDiskFills", "40 %", {f"aws_kafka_data_logs_disk_used_maximum{{{BROKER}}}": "40x30"}, 0),
    told(
        "StoreUnwatched",
        "CloudWatch has no value of a server",
        {f"aws_rds_database_connections_maximum{{{SERVER}}}": NOTHING},
        1,
        25,
        'store="postgres"',
    ),
    told(
        "StoreUnwatched",
        "it has one",
        {f"aws_rds_database_connections_maximum{{{SERVER}}}": "0x30"},
        0,
        25,
        'store="postgres"',
    ),
]
CASES = {"kind": ON_KIND, "aws-prod": ON_AWS}


@pytest.fixture(scope="module", params=STACKS)
def stack(request):
    return request.param, run_stack(request.param)


def test_each_is_told_when_it_should_be(stack, tmp_path):
    """All cases of a platform, by its rules as they are."""
    name, made = stack
    groups = made.one("PrometheusRule").inputs["spec"]["groups"]
    assert run(tmp_path, "test", groups, CASES[name]) == ""


def test_prometheus_takes_the_rules(stack, tmp_path):
    """Templates of summaries and names of labels as well."""
    assert run(tmp_path, "check", stack[1].one("PrometheusRule").inputs["spec"]["groups"]) == ""


def test_each_alert_has_fired(stack):
    """On each platform: its queries are its own."""
    name, made = stack
    of_services = {alert["alert"] for alert in alerts_of(made, without="stores")}
    of_stores = {alert["alert"] for alert in alerts_of(made)} - of_services
    assert {case.alert for case in CASES[name] if case.fires} == of_stores
