"""What must not be, whatever the objectives say. Thresholds are those of the runbooks."""

from collections.abc import Sequence
from datetime import timedelta

from components.capacity_namespace import CAPACITY
from components.microservice.scaling import LAG_PER_POD, SERVICE_LABEL
from components.pre_scaling import NAME as PRE_SCALING
from components.shop_namespace import SHOP
from components.watching.rules import Alert
from objectives import Severity
from promql import grown, increase, most, quantile, rate, service, shop, total

MINUTE = timedelta(minutes=1)
SALE_DAY, LIMITS, ROLLBACK = "sale-day.md", "scaling-limits.md", "rollback.md"


def symptoms(services: Sequence[str]) -> list[Alert]:
    """For these services, by their names in Kubernetes."""
    return [*_purchases(), *_messages(), *_dependencies(), *_pods(), *(_gone(each) for each in services)]


def _purchases() -> list[Alert]:
    differences = shop("shop_reconciliation_differences")
    runs = total(increase(shop("shop_reconciliation_runs_total"), "10m"), SERVICE_LABEL)
    behind = f"{most(shop('shop_orders_behind'))} > 0"
    illegal = increase(shop("shop_inventory_illegal_commands_total"), "1h")
    return [
        _alert(
            "StoresDiffer",
            "{{ $labels.check }} finds {{ $value }} differences between sold, held and ordered",
            f"{most(differences, SERVICE_LABEL, 'check')} > 0",
            "critical",
            minutes=10,
        ),
        _alert(
            "ReconciliationStands",
            f"{{{{ $labels.{SERVICE_LABEL} }}}} compares its stores no more: a difference would not be seen",
            f"{runs} == 0 and on ({SERVICE_LABEL}) {differences}",
            "warning",
            minutes=5,
        ),
        _alert(
            "SagasStuck",
            "{{ $value }} sagas of {{ $labels.definition }} run for longer than they ever should",
            f"{most(shop('seawall_sagas_stuck'), 'definition')} > 0",
            "critical",
            minutes=2,
        ),
        _alert("OrdersBehind", "No orders are accepted: earlier ones wait", behind, "critical", minutes=1),
        _alert(
            "IllegalCommands",
            "Inventory was told what no correct sender says",
            f"{total(illegal)} > 0",
            "warning",
            ROLLBACK,
        ),
    ]


def _messages() -> list[Alert]:
    oldest = most(shop("seawall_outbox_oldest_seconds"), SERVICE_LABEL)
    waits = (
        f"A message of {{{{ $labels.{SERVICE_LABEL} }}}} has waited for {{{{ $value }}}} s to be published"
    )
    lag = total(shop("seawall_consumer_lag"), "group")
    before = total(f"{shop('seawall_consumer_lag')} offset 2m", "group")
    dead = grown(shop("seawall_messages_dead_lettered_total"), "15m")
    return [
        _alert("RelayLags", waits, f"{oldest} > 5", "warning", minutes=2),
        _alert("RelayStands", waits, f"{oldest} > 60", "critical", minutes=1),
        _alert(
            "MessagesParked",
            f"The broker refused {{{{ $value }}}} messages of {{{{ $labels.{SERVICE_LABEL} }}}}",
            f"{most(shop('seawall_outbox_parked_rows'), SERVICE_LABEL)} > 0",
            "warning",
        ),
        _alert(
            "DeadLetters",
            "Messages of {{ $labels.topic }} were given up",
            f"{total(dead, 'topic')} > 0",
            "warning",
        ),
        _alert(
            "ConsumerLagGrows",
            "{{ $labels.group }} is {{ $value }} messages behind, and gets no nearer",
            f"{lag} > {LAG_PER_POD} and {lag} > {before}",
            "warning",
            minutes=2,
        ),
    ]


def _dependencies() -> list[Alert]:
    provider = quantile(0.99, "shop_payment_provider_call_seconds", by=("call",), since="5m")
    uncounted = f"{total(rate(shop('shop_inventory_counters_unavailable_total'), '5m'))} > 0"
    died = increase(shop("shop_gateway_envoy_restarts_total"), "10m")
    return [
        _alert(
            "CircuitOpen",
            f"{{{{ $labels.{SERVICE_LABEL} }}}} no longer calls {{{{ $labels.name }}}}",
            f"{most(shop('seawall_circuit_state'), SERVICE_LABEL, 'name')} == 2",
            "warning",
            minutes=1,
        ),
        _alert(
            "ProviderSlow",
            "{{ $labels.call }} at the payment provider takes {{ $value }} s at the 99th percentile",
            f"{provider} > 2",
            "warning",
            minutes=5,
        ),
        _alert("CountersAway", "The ledger counts holds, slower", uncounted, "warning", minutes=5),
        _alert(
            "EnvoyDies",
            "Envoy has died in {{ $labels.pod }}, and was started again",
            f"{total(died, 'pod')} > 0",
            "warning",
            ROLLBACK,
        ),
        _alert(
            "PoolsFull",
            f"{{{{ $value }}}} callers in {{{{ $labels.{SERVICE_LABEL} }}}} wait for a connection",
            f"{total(shop('seawall_sql_pool_waiting'), SERVICE_LABEL)} > 0",
            "warning",
            LIMITS,
            minutes=3,
        ),
        _alert(
            "EventLoopLags",
            f"The event loop of a pod of {{{{ $labels.{SERVICE_LABEL} }}}} is {{{{ $value }}}} s late",
            f"{most(shop('seawall_event_loop_lag_seconds'), SERVICE_LABEL)} > 0.1",
            "warning",
            minutes=5,
        ),
    ]


def _pods() -> list[Alert]:
    conditions = shop(
        "kube_horizontalpodautoscaler_status_condition",
        'condition=~"AbleToScale|ScalingActive"',
        'status="false"',
    )
    failed = f'kube_job_status_failed{{namespace="{CAPACITY}",job_name=~"{PRE_SCALING}-.*"}}'
    places = f'{{namespace=~"{SHOP}|{CAPACITY}"}}'
    return [
        _alert(
            "PreScalingFailed",
            "{{ $labels.job_name }} raised no floors: raise them by hand",
            f"{most(failed, 'job_name')} > 0",
            "critical",
        ),
        _alert(
            "AutoscalerStands",
            "{{ $labels.horizontalpodautoscaler }} is not scaled: {{ $labels.condition }} is false",
            f"{most(conditions, 'horizontalpodautoscaler', 'condition')} == 1",
            "critical",
            LIMITS,
            minutes=5,
        ),
        _alert(
            "PodsMissing",
            "{{ $labels.deployment }} lacks {{ $value }} pods: no room, or they do not start",
            f"kube_deployment_spec_replicas{places} - kube_deployment_status_replicas_available{places} > 0",
            "warning",
            minutes=10,
        ),
        _alert(
            "AtTheCeiling",
            "{{ $labels.horizontalpodautoscaler }} has all the pods that it may have",
            f"{shop('kube_horizontalpodautoscaler_status_desired_replicas')}"
            f" >= {shop('kube_horizontalpodautoscaler_spec_max_replicas')}",
            "warning",
            LIMITS,
            minutes=10,
        ),
    ]


def _gone(name: str) -> Alert:
    return Alert(
        "ServiceGone",
        f"No pod of {name} tells anything",
        f"absent({shop('up', service(name))} == 1)",
        "critical",
        ROLLBACK,
        2 * MINUTE,
        {"service": name},
    )


def _alert(
    name: str, summary: str, expression: str, severity: Severity, runbook: str = SALE_DAY, *, minutes: int = 0
) -> Alert:
    return Alert(name, summary, expression, severity, runbook, minutes * MINUTE)
