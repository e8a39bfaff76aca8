"""Before a sale: floors are raised, room is held free, and both are let go."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from sale_floors import ended, schedule, steps
from settings import Sale, SettingsError
from unit.infra.program import run_stack

OPENS = datetime(2026, 11, 27, 9, tzinfo=timezone(timedelta(hours=1)))
ADAPTER = '{"pods": "prometheus-adapter", "min_replicas": 3, "max_replicas": 60, "headroom_pods": 6}'


def sale(name="sale", opens_at=OPENS, hours=2, replicas=None, headroom_pods=0):
    return Sale(
        name=name,
        opens_at=opens_at,
        lasts=timedelta(hours=hours),
        replicas=replicas or {"orders": 30},
        headroom_pods=headroom_pods,
    )


def test_floors_are_raised_ahead_of_the_opening_and_let_go_at_the_end():
    """Half an hour ahead, if nothing else is said."""
    up, down = steps([sale()], floor=3, headroom=2)
    assert (up.at, dict(up.floors)) == (OPENS - timedelta(minutes=30), {"orders": 30})
    assert (down.at, dict(down.floors)) == (OPENS + timedelta(hours=2), {"orders": 3})


def test_the_end_of_one_sale_leaves_the_floor_of_another():
    """Of sales that overlap the highest floor holds, and what neither names is not touched."""
    first = sale("first", hours=2, replicas={"orders": 30, "catalog": 10}, headroom_pods=20)
    second = sale("second", OPENS + timedelta(hours=1), 2, {"orders": 20}, headroom_pods=5)
    floors = [(dict(step.floors), step.headroom) for step in steps([first, second], floor=3, headroom=2)]
    assert floors == [
        ({"orders": 30, "catalog": 10}, 20),
        ({"orders": 30, "catalog": 10}, 20),
        ({"orders": 20, "catalog": 3}, 5),
        ({"orders": 3, "catalog": 3}, 2),
    ]


def test_a_floor_is_never_below_that_of_other_days():
    """A sale that asks for less than usual gets what is usual."""
    up, _ = steps([sale(replicas={"orders": 1})], floor=3, headroom=2)
    assert up.floors["orders"] == 3


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2026, 11, 27, 9, 0, tzinfo=timezone(timedelta(hours=1))), "0 8 27 11 *"),
        (datetime(2026, 12, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))), "30 22 30 11 *"),
        (datetime(2027, 1, 1, 0, 15, tzinfo=UTC), "15 0 1 1 *"),
    ],
)
def test_schedules_are_in_utc(moment, said):
    """Over the end of a day, a month and a year."""
    assert schedule(moment) == said


def test_a_sale_that_is_over_is_told():
    """Cron knows no year."""
    [line] = ended([sale()], OPENS + timedelta(days=1))
    assert "sales.sale" in line
    assert ended([sale()], OPENS) == []


def test_keda_raises_floors_by_its_clock():
    """A trigger for each sale that names the service, beside those of every day."""
    stack = run_stack("aws-prod")
    triggers = stack.one("ScaledObject", "orders").inputs["spec"]["triggers"]
    [clock] = [each["metadata"] for each in triggers if each["type"] == "cron"]
    assert clock == {
        "timezone": "Etc/UTC",
        "start": "15 7 26 11 *",
        "end": "0 11 26 11 *",
        "desiredReplicas": "30",
    }
    assert not any(
        each["type"] == "cron" for each in stack.one("ScaledObject", "gateway").inputs["spec"]["triggers"]
    )
    [room] = stack.one("ScaledObject", "headroom").inputs["spec"]["triggers"]
    assert room["metadata"]["desiredReplicas"] == "30"


def test_beside_the_adapter_jobs_raise_them():
    """One at each moment; each may patch what sales name, and nothing else."""
    stack = run_stack("aws-prod", scaling=ADAPTER)
    jobs = {each.manifest_name: each.inputs["spec"] for each in stack.of("CronJob")}
    assert {spec["schedule"] for spec in jobs.values()} == {"15 7 26 11 *", "0 11 26 11 *"}
    for spec in jobs.values():
        assert spec["timeZone"] == "Etc/UTC"
        containers = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        floors = {
            each["name"]: json.loads(each["args"][4].removeprefix("--patch="))["spec"] for each in containers
        }
        assert floors["orders"] in ({"minReplicas": 30}, {"minReplicas": 3})
        assert floors["headroom"] in ({"replicas": 30}, {"replicas": 6})
    [rule] = next(
        each
        for each in stack.of("kubernetes:rbac.authorization.k8s.io/v1:Role")
        if each.inputs["metadata"]["namespace"] == "shop"
    ).inputs["rules"]
    assert set(rule["resourceNames"]) == {
        "accounts",
        "catalog",
        "inventory",
        "orders",
        "payments",
        "storefront",
    }
    assert set(rule["verbs"]) == {"get", "patch"}
    assert stack.of("ScaledObject") == []


def test_headroom_fits_any_pod_of_the_shop_and_goes_first():
    """As large as the largest, below every other priority, of use to nobody."""
    stack = run_stack("aws-prod")
    [pod] = [
        each.inputs["spec"]["template"]["spec"]
        for each in stack.of("Deployment")
        if each.manifest_name == "headroom"
    ]
    [container] = pod["containers"]
    shop = [each for each in stack.of("Deployment") if each.inputs["metadata"]["namespace"] == "shop"]
    asked = [
        each["resources"]["requests"]
        for one in shop
        for each in one.inputs["spec"]["template"]["spec"]["containers"]
    ]
    millicores = [int(each["cpu"].removesuffix("m")) for each in asked]
    assert int(container["resources"]["requests"]["cpu"].removesuffix("m")) == max(millicores)
    values = {each.manifest_name: each.inputs["value"] for each in stack.of("PriorityClass")}
    assert min(values, key=lambda name: values[name]) == pod["priorityClassName"]
    assert values["seawall-headroom"] < 0 < values["seawall-shop"] < values["seawall-stores"]
    assert {one.inputs["spec"]["template"]["spec"]["priorityClassName"] for one in shop} == {"seawall-shop"}


def test_a_floor_above_the_ceiling_is_refused_before_anything_is_made():
    """In one line that names the sale, the service and the limit."""
    with pytest.raises(
        SettingsError, match=r"sales.sale.replicas.orders: 90 is above scaling.max_replicas, 10"
    ):
        run_stack(
            "kind",
            sales='[{"name": "sale", "opens_at": "2026-11-27T09:00:00+01:00", "replicas": {"orders": 90}}]',
        )
