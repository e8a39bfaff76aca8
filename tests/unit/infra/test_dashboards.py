"""Dashboards as Grafana gets them."""

import pytest

from unit.infra.program import STACKS, run_stack
from unit.infra.queries import dashboards_of, targets_of

WIDTH = 24


@pytest.fixture(scope="module", params=STACKS)
def stack(request):
    return run_stack(request.param)


def test_the_chart_is_told_what_to_look_for(stack):
    """The label and folder of our ConfigMaps are those of its sidecar."""
    sidecar = stack.one("Release", "kube-prometheus-stack").inputs["values"]["grafana"]["sidecar"][
        "dashboards"
    ]
    ours = [each for each in stack.of("ConfigMap") if each.name.startswith("dashboard-")]
    assert len(ours) == 3
    for each in ours:
        metadata = each.inputs["metadata"]
        assert metadata["labels"][sidecar["label"]] == sidecar["labelValue"]
        assert metadata["annotations"][sidecar["folderAnnotation"]] == "Seawall"
        assert metadata["namespace"] == "monitoring"


def test_no_two_share_an_address(stack):
    """The uid of a dashboard is its address; the id of a panel is its own."""
    dashboards = dashboards_of(stack)
    assert len({each["uid"] for each in dashboards}) == len(dashboards)
    for each in dashboards:
        ids = [panel["id"] for panel in each["panels"]]
        assert len(set(ids)) == len(ids)


def test_panels_lie_side_by_side(stack):
    """Each within the width, and none over another."""
    for dashboard in dashboards_of(stack):
        taken: set[tuple[int, int]] = set()
        for panel in dashboard["panels"]:
            at = panel["gridPos"]
            assert at["x"] + at["w"] <= WIDTH
            cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
            assert not taken & cells
            taken |= cells


def test_a_sale_is_seen_from_the_door_to_the_end(stack):
    """Each figure that docs/runbooks/sale-day.md has people watch."""
    [sale] = [each for each in dashboards_of(stack) if each["uid"] == "seawall-sale"]
    asked = " ".join(target["expr"] for _, target in targets_of(sale))
    for metric in (
        "shop_orders_turned_away_total",
        "shop_orders_accepting_limit",
        "shop_orders_accepted_total",
        "shop_orders_confirmed_total",
        "shop_orders_cancelled_total",
        "seawall_consumer_lag",
        "seawall_outbox_oldest_seconds",
        "seawall_sagas_stuck",
        "shop_payment_provider_call_seconds",
        "shop_reconciliation_differences",
        "seawall_event_loop_lag_seconds",
    ):
        assert metric in asked
