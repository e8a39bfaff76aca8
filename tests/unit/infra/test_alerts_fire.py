"""Alerts as Prometheus evaluates them: each fires when it should, and is silent when it should be."""

import pytest

from unit.infra.program import BACKED_UP, run_stack
from unit.infra.promtool import PROGRAM, WHERE, Case, run
from unit.infra.queries import alerts_of

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=f"there is no promtool here: {WHERE}")

POD = 'namespace="shop",app_kubernetes_io_name="orders",pod="orders-1"'
OTHER_POD = POD.replace("orders-1", "orders-2")
ROUTE = 'method="POST",route="/v1/sales/{sale_id}/orders"'
PROVIDER = 'namespace="shop",app_kubernetes_io_name="payments",call="charge",outcome="charged"'
CONDITION = "kube_horizontalpodautoscaler_status_condition"
AUTOSCALER = 'namespace="shop",horizontalpodautoscaler="orders"'
DEPLOYMENT = 'namespace="shop",deployment="orders"'
SERVER = 'namespace="stores",pod="postgres-1"'
COPIED = f"barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{{{SERVER}}}"
FAILED = f"barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp{{{SERVER}}}"
DAY_MINUTES = 24 * 60
JOB = 'namespace="capacity",job_name="pre-scaling-0101-1000-123"'
DAYS = 3 * 24 * 60


def of_pod(metric, labels=""):
    return f"{metric}{{{POD}{labels and ',' + labels}}}"


def answers(**by_status):
    """Requests for an order, by status: `_202="0+6000x70"`."""
    return {
        of_pod("seawall_http_requests_total", f'{ROUTE},status="{status[1:]}"'): values
        for status, values in by_status.items()
    }


def buckets(metric, labels, **by_bound):
    """A histogram: `_0_5` is the bucket to 0.5."""
    bounds = {f'le="{bound[1:].replace("_", ".")}"': values for bound, values in by_bound.items()}
    series = {f"{metric}_bucket{{{labels},{bound}}}": values for bound, values in bounds.items()}
    return series | {
        f'{metric}_bucket{{{labels},le="+Inf"}}': "0+100x90",
        f"{metric}_count{{{labels}}}": "0+100x90",
    }


def burns(says, series, minutes, fires, window="1h", objective="purchase-answered"):
    """Of one objective, by one pair of windows."""
    return Case(
        "ErrorBudgetBurns", says, series, minutes, fires, f'objective="{objective}",window="{window}"'
    )


def gauge(alert, says, metric, value, fires, labels=""):
    """A metric that has had one value for twenty minutes."""
    return Case(alert, says, {of_pod(metric, labels): f"{value}x20"}, 18, fires)


CASES = [
    burns(
        "a full outage for two minutes", answers(_202="0+6000x60 360000x10", _503="0x60 6000+6000x10"), 63, 1
    ),
    burns("all is well, much is sold out", answers(_202="0+6000x70", _409="0+6000x70"), 68, 0),
    burns("one in 200 fails", answers(_202="0+5970x70", _503="0+30x70"), 68, 0),
    burns("one in 50 fails", answers(_202="0+5880x70", _503="0+120x70"), 68, 1),
    burns("all fail, none was ever good", answers(_500="0+100x70"), 68, 1),
    burns("nobody comes", answers(_202="100x70"), 68, 0),
    burns(
        "ten minutes of outage, over for seven",
        answers(_202="0+6000x50 300000x10 300000+6000x20", _503="0x50 0+6000x10 60000x20"),
        68,
        0,
    ),
    burns("seven in 1,000 fail", answers(_202="0+5958x400", _503="0+42x400"), 395, 1, "6h"),
    burns(
        "two in 1,000 fail", answers(_202=f"0+5988x{DAYS + 20}", _503=f"0+12x{DAYS + 20}"), DAYS + 10, 1, "3d"
    ),
    burns(
        "one in 2,000 fails", answers(_202=f"0+5997x{DAYS + 20}", _503=f"0+3x{DAYS + 20}"), DAYS + 10, 0, "3d"
    ),
    burns(
        "a fifth is slow",
        buckets("seawall_http_request_seconds", f"{POD},{ROUTE}", _0_5="0+80x90"),
        68,
        1,
        objective="purchase-fast",
    ),
    burns(
        "one in 50 is slow",
        buckets("seawall_http_request_seconds", f"{POD},{ROUTE}", _0_5="0+98x90"),
        68,
        0,
        objective="purchase-fast",
    ),
    burns(
        "a fifth is decided late",
        buckets("shop_orders_checkout_seconds", f'{POD},state="confirmed"', _10_0="0+80x90"),
        68,
        1,
        objective="order-decided",
    ),
    gauge("StoresDiffer", "one difference", "shop_reconciliation_differences", 1, 1, 'check="state"'),
    gauge("StoresDiffer", "none", "shop_reconciliation_differences", 0, 0, 'check="state"'),
    Case(
        "ReconciliationStands",
        "it runs",
        {
            of_pod("shop_reconciliation_differences", 'check="state"'): "0x30",
            of_pod("shop_reconciliation_runs_total"): "0+4x30",
        },
        25,
        0,
    ),
    Case(
        "ReconciliationStands",
        "it stands, with two checks",
        {
            of_pod("shop_reconciliation_differences", 'check="state"'): "0x30",
            of_pod("shop_reconciliation_differences", 'check="done"'): "0x30",
            of_pod("shop_reconciliation_runs_total"): "7x30",
        },
        25,
        1,
    ),
    gauge("SagasStuck", "two", "seawall_sagas_stuck", 2, 1, 'definition="checkout"'),
    gauge("SagasStuck", "none", "seawall_sagas_stuck", 0, 0, 'definition="checkout"'),
    gauge("OrdersBehind", "they are", "shop_orders_behind", 1, 1),
    Case("IllegalCommands", "one", {of_pod("shop_inventory_illegal_commands_total"): "0x10 1x10"}, 15, 1),
    gauge("RelayLags", "6 s", "seawall_outbox_oldest_seconds", 6, 1),
    gauge("RelayStands", "6 s", "seawall_outbox_oldest_seconds", 6, 0),
    gauge("RelayStands", "61 s", "seawall_outbox_oldest_seconds", 61, 1),
    gauge("MessagesParked", "one", "seawall_outbox_parked_rows", 1, 1),
    Case(
        "DeadLetters",
        "the first of a topic, with which its series appears",
        {of_pod("seawall_messages_dead_lettered_total", 'topic="a"'): "_x20 1x20"},
        25,
        1,
    ),
    Case(
        "DeadLetters",
        "none for half an hour",
        {of_pod("seawall_messages_dead_lettered_total", 'topic="a"'): "1x40"},
        35,
        0,
    ),
    Case(
        "ConsumerLagGrows",
        "it grows",
        {of_pod("seawall_consumer_lag", 'topic="t",group="g"'): "0+200x20"},
        15,
        1,
    ),
    Case(
        "ConsumerLagGrows",
        "it falls",
        {of_pod("seawall_consumer_lag", 'topic="t",group="g"'): "9000-200x20"},
        15,
        0,
    ),
    gauge("CircuitOpen", "open", "seawall_circuit_state", 2, 1, 'name="inventory"'),
    gauge("CircuitOpen", "half-open", "seawall_circuit_state", 1, 0, 'name="inventory"'),
    Case(
        "ProviderSlow",
        "3 % over 2 s",
        buckets("shop_payment_provider_call_seconds", PROVIDER, _2_0="0+97x90", _5_0="0+100x90"),
        30,
        1,
    ),
    Case(
        "ProviderSlow",
        "all below 1 s",
        buckets("shop_payment_provider_call_seconds", PROVIDER, _1_0="0+100x90", _2_0="0+100x90"),
        30,
        0,
    ),
    Case(
        "CountersAway", "now and then", {of_pod("shop_inventory_counters_unavailable_total"): "0+1x20"}, 15, 1
    ),
    Case("EnvoyDies", "once", {of_pod("shop_gateway_envoy_restarts_total"): "0x10 1x10"}, 15, 1),
    gauge("PoolsFull", "three wait", "seawall_sql_pool_waiting", 3, 1),
    gauge("PoolsFull", "nobody waits", "seawall_sql_pool_waiting", 0, 0),
    gauge("EventLoopLags", "0.2 s", "seawall_event_loop_lag_seconds", 0.2, 1),
    Case(
        "PreScalingFailed",
        "given up",
        {f'kube_job_status_failed{{{JOB},reason="BackoffLimitExceeded"}}': "1x20"},
        15,
        1,
    ),
    Case("PreScalingFailed", "done", {f"kube_job_status_failed{{{JOB}}}": "0x20"}, 15, 0),
    Case(
        "AutoscalerStands",
        "its metrics cannot be read; that it is not limited is no fault",
        {
            f'{CONDITION}{{{AUTOSCALER},condition="{condition}",status="false"}}': values
            for condition, values in {
                "ScalingActive": "1x20",
                "AbleToScale": "0x20",
                "ScalingLimited": "1x20",
            }.items()
        },
        15,
        1,
    ),
    Case(
        "PodsMissing",
        "two of five",
        {
            f"kube_deployment_spec_replicas{{{DEPLOYMENT}}}": "5x20",
            f"kube_deployment_status_replicas_available{{{DEPLOYMENT}}}": "3x20",
        },
        15,
        1,
    ),
    Case(
        "PodsMissing",
        "two of five for some minutes",
        {
            f"kube_deployment_spec_replicas{{{DEPLOYMENT}}}": "3x10 5x10",
            f"kube_deployment_status_replicas_available{{{DEPLOYMENT}}}": "3x15 5x5",
        },
        19,
        0,
    ),
    Case(
        "AtTheCeiling",
        "ten of ten",
        {
            f"kube_horizontalpodautoscaler_status_desired_replicas{{{AUTOSCALER}}}": "10x20",
            f"kube_horizontalpodautoscaler_spec_max_replicas{{{AUTOSCALER}}}": "10x20",
        },
        15,
        1,
    ),
    Case("BackupFailed", "the last one", {COPIED: "100x20", FAILED: "200x20"}, 15, 1),
    Case("BackupFailed", "one before the last", {COPIED: "200x20", FAILED: "100x20"}, 15, 0),
    Case("BackupTooOld", "a day old", {COPIED: f"60x{2 * DAY_MINUTES}"}, DAY_MINUTES, 0),
    Case("BackupTooOld", "28 hours old", {COPIED: f"60x{2 * DAY_MINUTES}"}, DAY_MINUTES + 4 * 60, 1),
    Case("BackupTooOld", "always a new one", {COPIED: f"0+60x{2 * DAY_MINUTES}"}, 2 * DAY_MINUTES - 5, 0),
    Case("BackupTooOld", "nobody tells", {'up{namespace="stores"}': "1x80"}, 75, 1),
    Case("BackupTooOld", "nobody has told yet", {'up{namespace="stores"}': "1x80"}, 30, 0),
    Case(
        "ArchiveLags",
        "21 wait at the primary",
        {f'cnpg_collector_pg_wal_archive_status{{{SERVER},value="ready"}}': "21x40"},
        30,
        1,
    ),
    Case(
        "ArchiveLags",
        "many are done",
        {
            f'cnpg_collector_pg_wal_archive_status{{{SERVER},value="ready"}}': "3x40",
            f'cnpg_collector_pg_wal_archive_status{{{SERVER},value="done"}}': "90x40",
        },
        30,
        0,
    ),
    Case("ServiceGone", "it was never there", {'up{namespace="shop"}': "1x20"}, 15, 1, 'service="orders"'),
    Case("ServiceGone", "no pod is up", {of_pod("up"): "0x20"}, 15, 1, 'service="orders"'),
    Case(
        "ServiceGone",
        "one of two is",
        {of_pod("up"): "1x20", f"up{{{OTHER_POD}}}": "0x20"},
        15,
        0,
        'service="orders"',
    ),
]


@pytest.fixture(scope="module")
def stack():
    return run_stack("kind", **BACKED_UP)


@pytest.fixture(scope="module")
def groups(stack):
    return stack.one("PrometheusRule").inputs["spec"]["groups"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}: {case.says}")
def test_it_is_told_when_it_should_be(groups, tmp_path, case):
    """By the rules as they are, recorded series and durations among them."""
    assert run(tmp_path, "test", groups, [case]) == ""


def test_a_wrong_expectation_is_found(groups, tmp_path):
    """The tests above can fail."""
    assert "FAILED" in run(
        tmp_path, "test", groups, [gauge("RelayLags", "6 s", "seawall_outbox_oldest_seconds", 6, 0)]
    )


def test_each_alert_has_fired(stack):
    """One that never does in a test may be one that cannot. Those of stores: test_store_alerts.py."""
    of_services = alerts_of(stack, without="stores")
    assert {case.alert for case in CASES if case.fires} == {alert["alert"] for alert in of_services}


def test_prometheus_takes_the_rules(groups, tmp_path):
    """Templates of summaries and names of labels as well."""
    assert run(tmp_path, "check", groups) == ""
