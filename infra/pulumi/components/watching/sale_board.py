"""The dashboard of a sale: from the crowd at the door to orders that are confirmed."""

from components.microservice.scaling import SERVICE_LABEL
from components.watching.grafana import Dashboard, Panel, Query, Row
from objectives import OBJECTIVES, OF_CUSTOMERS, PURCHASE
from promql import most, quantile, rate, service, shop, total

LEGEND = f"{{{{{SERVICE_LABEL}}}}}"
_REQUESTS = "seawall_http_requests_total"


def sale_board() -> Dashboard:
    """For the people who watch it: docs/runbooks/sale-day.md says what is bad, and what to do."""
    return Dashboard(
        "seawall-sale", "Sale", (_door(), _purchases(), _objectives(), _stock(), _payments(), _behind())
    )


def _door() -> Row:
    """What Envoy says of itself: what it refuses reaches no service."""
    public = 'envoy_http_conn_manager_prefix="public"'
    classes = total(rate(shop("envoy_http_downstream_rq_xx", public)), "envoy_response_code_class")
    full = total(rate(shop("envoy_cluster_upstream_rq_pending_overflow")), "envoy_cluster_name")
    return Row(
        "The door",
        (
            Panel(
                "Answers, by class",
                (Query(classes, "{{envoy_response_code_class}}xx"),),
                "reqps",
                stacked=True,
            ),
            Panel(
                "Refused by Envoy itself",
                (
                    Query(total(rate(shop("envoy_http_jwt_authn_denied", public))), "no good token"),
                    Query(total(rate(shop("envoy_http_rq_overload_local_reply", public))), "out of memory"),
                    Query(full, "{{envoy_cluster_name}} has too much to do"),
                ),
                "reqps",
            ),
            Panel(
                "Connections",
                (Query(total(shop("envoy_http_downstream_cx_active", public), "pod"), "{{pod}}"),),
            ),
        ),
    )


def _purchases() -> Row:
    return Row("Purchases", (*_answered(), *_refused()))


def _answered() -> tuple[Panel, ...]:
    asked = total(rate(shop(_REQUESTS, service("orders"), PURCHASE)), "status")
    arrived = total(rate(shop(_REQUESTS, OF_CUSTOMERS)), SERVICE_LABEL)
    cancelled = total(rate(shop("shop_orders_cancelled_total")), "reason")
    return (
        Panel(
            "Arrivals, as the gateway passes them on",
            (Query(arrived, LEGEND),),
            "reqps",
            "What Envoy refuses by itself is above.",
            stacked=True,
        ),
        Panel(
            "Requests for an order, by answer",
            (Query(asked, "{{status}}"),),
            "reqps",
            "202 is accepted.",
            stacked=True,
        ),
        Panel(
            "Accepted, confirmed, cancelled",
            (
                Query(total(rate(shop("shop_orders_accepted_total"))), "accepted"),
                Query(total(rate(shop("shop_orders_confirmed_total"))), "confirmed"),
                Query(cancelled, "cancelled: {{reason}}"),
            ),
            "ops",
            "Accepted runs ahead of the others for as long as orders are worked off.",
        ),
    )


def _refused() -> tuple[Panel, ...]:
    turned_away = total(rate(shop("shop_orders_turned_away_total")), "reason")
    verdicts = total(rate(shop("seawall_ratelimit_decisions_total")), "rule", "outcome")
    return (
        Panel(
            "Turned away, not looked at",
            (Query(turned_away, "{{reason}}"),),
            "reqps",
            "busy: more at once than it gets through. behind: earlier orders wait for too long.",
        ),
        Panel(
            "Requests for an order worked on at once, at most",
            (Query(total(shop("shop_orders_accepting_limit")), "limit"),),
            tells="It shrinks while they take over 0.5 s.",
        ),
        Panel("Verdicts of limits", (Query(verdicts, "{{rule}} {{outcome}}"),), "ops"),
    )


def _objectives() -> Row:
    return Row(
        "Objectives",
        (
            Panel(
                "Errors in an hour",
                (Query("objective:errors:ratio_rate1h", "{{objective}}"),),
                "percentunit",
                "; ".join(f"{each.name}: {each.promise}" for each in OBJECTIVES),
            ),
            Panel(
                "Time to an answer to a request for an order",
                tuple(
                    Query(
                        quantile(share, "seawall_http_request_seconds", service("orders"), PURCHASE),
                        f"p{share * 100:g}",
                    )
                    for share in (0.5, 0.99, 0.999)
                ),
                "s",
            ),
            Panel(
                "Time to the end of an order",
                (Query(quantile(0.99, "shop_orders_checkout_seconds", by=("state",)), "p99 {{state}}"),),
                "s",
            ),
        ),
    )


def _stock() -> Row:
    differences = most(shop("shop_reconciliation_differences"), SERVICE_LABEL, "check")
    return Row(
        "Stock",
        (
            Panel(
                "Requests for a hold, by answer",
                (
                    Query(total(rate(shop("shop_inventory_holds_total")), "outcome"), "{{outcome}}"),
                    Query(total(rate(shop("shop_inventory_holds_lapsed_total"))), "lapsed"),
                ),
                "ops",
                "Lapsed holds are given back: no order followed in time.",
            ),
            Panel(
                "Decisions of the ledger",
                (Query(total(rate(shop("shop_inventory_decisions_total")), "event"), "{{event}}"),),
                "ops",
            ),
            Panel(
                "Differences between stores",
                (Query(differences, f"{LEGEND} {{{{check}}}}"),),
                tells="0, or somebody looks: nothing is repaired by itself.",
            ),
        ),
    )


def _payments() -> Row:
    calls = "shop_payment_provider_call_seconds"
    return Row(
        "Payments",
        (
            Panel(
                "Time of a call to the provider",
                (Query(quantile(0.99, calls, by=("call",)), "p99 {{call}}"),),
                "s",
            ),
            Panel(
                "Calls, by what they came to",
                (Query(total(rate(shop(f"{calls}_count")), "call", "outcome"), "{{call}} {{outcome}}"),),
                "ops",
            ),
            Panel(
                "Attempts under way, and by state after",
                (
                    Query(total(shop("shop_payment_attempts_in_flight")), "under way"),
                    Query(total(rate(shop("shop_payment_attempts_total")), "state"), "{{state}} /s"),
                ),
            ),
        ),
    )


def _behind() -> Row:
    return Row(
        "What waits",
        (
            Panel(
                "Oldest message that waits to be published",
                (Query(most(shop("seawall_outbox_oldest_seconds"), SERVICE_LABEL), LEGEND),),
                "s",
            ),
            Panel(
                "Messages not handled", (Query(total(shop("seawall_consumer_lag"), "group"), "{{group}}"),)
            ),
            Panel(
                "Sagas",
                (
                    Query(most(shop("seawall_sagas_running"), "definition"), "{{definition}} running"),
                    Query(
                        most(shop("seawall_sagas_compensating"), "definition"), "{{definition}} being undone"
                    ),
                    Query(most(shop("seawall_sagas_stuck"), "definition"), "{{definition}} stuck"),
                ),
            ),
            Panel(
                "Oldest saga",
                (Query(most(shop("seawall_saga_oldest_seconds"), "definition"), "{{definition}}"),),
                "s",
            ),
            Panel(
                "Event loops, how late at most",
                (Query(most(shop("seawall_event_loop_lag_seconds"), SERVICE_LABEL), LEGEND),),
                "s",
            ),
            Panel(
                "No orders are accepted: earlier ones wait",
                (Query(most(shop("shop_orders_behind")), "behind"),),
                "bool",
            ),
        ),
    )
