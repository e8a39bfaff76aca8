"""What is broken when, as a function of the seed."""

from collections import Counter
from itertools import pairwise

import pytest

from tools.rehearsal.chaos.actions import targets_of
from tools.rehearsal.chaos.faults import PROVIDER, PROVIDER_KINDS, Kind
from tools.rehearsal.chaos.plan import SERVER_KINDS, Targets, make_plan

TARGETS = Targets(
    services=["orders", "orders-2", "payments", "envoy"],
    pausable=["orders", "orders-2", "payments"],
    servers=["kafka", "postgres", "valkey"],
)


def test_the_same_seed_gives_the_same_plan_and_another_one_another():
    """A run can be repeated."""
    plan = make_plan(7, 300, 3, TARGETS)
    assert plan == make_plan(7, 300, 3, TARGETS)
    assert plan != make_plan(8, 300, 3, TARGETS)


def test_times_ascend_within_the_duration():
    """No fault is planned after the load's end."""
    times = [fault.at_seconds for fault in make_plan(1, 60, 3, TARGETS)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] < 60


def test_a_service_is_killed_in_each_period():
    """As often as was asked for, each process as often as the others."""
    kills = [fault for fault in make_plan(1, 300, 3, TARGETS) if fault.kind == Kind.KILL]
    services = Counter(fault.target for fault in kills if fault.target in TARGETS.services)
    assert services == dict.fromkeys(TARGETS.services, 25)


def test_a_long_plan_has_every_kind_of_fault():
    """Each server in each of its ways, pauses that outlast leases, the provider in each mood."""
    plan = make_plan(1, 300, 3, TARGETS)
    done = {(fault.target, fault.kind) for fault in plan}
    assert done >= {(server, kind) for server in TARGETS.servers for kind in SERVER_KINDS[server]}
    assert done >= {(PROVIDER, kind) for kind in PROVIDER_KINDS}
    pauses = [fault.duration_seconds for fault in plan if fault.kind == Kind.PAUSE]
    assert pauses
    assert all(12 <= seconds <= 20 for seconds in pauses)


@pytest.mark.parametrize("seed", range(20))
def test_the_provider_has_one_mood_at_a_time(seed):
    """Else the end of one would heal the next."""
    moods = [fault for fault in make_plan(seed, 300, 3, TARGETS) if fault.target == PROVIDER]
    for one, next_one in pairwise(moods):
        assert one.at_seconds + one.duration_seconds < next_one.at_seconds


def test_the_provider_is_spared_and_envoy_is_not():
    """The simulator holds its book in memory; Envoy is a child of the gateway."""
    running = ["gateway", "orders", "orders-2", "psp_simulator", "postgres", "valkey", "kafka"]
    targets = targets_of(dict.fromkeys(running, 1))
    assert targets.services == ["gateway", "orders", "orders-2", "envoy"]
    assert targets.servers == ["kafka", "postgres", "valkey"]
    assert "psp_simulator" not in targets.pausable
