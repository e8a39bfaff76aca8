"""Prometheus: what it has measured outlives its pod, and fits on its disk."""

import pytest

from settings import SettingsError
from unit.infra.program import STACKS, run_stack


def prometheus(stack):
    return stack.one("Release", "kube-prometheus-stack").inputs["values"]["prometheus"]["prometheusSpec"]


def disk(stack):
    return prometheus(stack)["storageSpec"]["volumeClaimTemplate"]["spec"]


@pytest.mark.parametrize(("stack", "size"), list(zip(STACKS, ("50Gi", "50Gi", "5Gi"), strict=True)))
def test_each_stack_keeps_its_metrics_on_a_disk(stack, size):
    """By a claim that names no class: it gets the default, which on AWS is the encrypted gp3."""
    made = run_stack(stack)
    assert disk(made)["resources"]["requests"] == {"storage": size}
    assert "storageClassName" not in disk(made)
    classes = [each.inputs for each in made.of("StorageClass")]
    assert [each["parameters"]["encrypted"] for each in classes] == ([] if stack == "kind" else ["true"])
    for each in classes:
        assert each["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}


def test_the_oldest_goes_before_the_disk_is_full():
    """15 days are kept, or as much as 85 % of the disk hold: 100 GiB are 102,400 MiB."""
    made = run_stack("kind", observability='{"metrics_storage_gib": 100}')
    assert disk(made)["resources"]["requests"] == {"storage": "100Gi"}
    kept = prometheus(made)
    assert (kept["retention"], kept["retentionSize"]) == ("15d", "87040MiB")


@pytest.mark.parametrize(
    ("gib", "limit"), [(0, "greater than or equal to 1"), (16385, "less than or equal to 16384")]
)
def test_a_disk_that_cannot_be_is_refused(gib, limit):
    """In one line that names the setting and the limit: EBS's gp3 has up to 16 TiB."""
    with pytest.raises(SettingsError, match=rf"^seawall:observability\.metrics_storage_gib: .*{limit}$"):
        run_stack("kind", observability=f'{{"metrics_storage_gib": {gib}}}')
