"""A chart, installed by Helm."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from versions import Chart


def release(
    chart: Chart,
    *,
    namespace: pulumi.Input[str],
    values: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
    name: str | None = None,
) -> k8s.helm.v3.Release:
    """The chart at its pinned version, in a namespace that is there; undone as a whole if it fails."""
    oci = chart.repository.startswith("oci://")
    return k8s.helm.v3.Release(
        name or chart.name,
        name=name or chart.name,
        chart=f"{chart.repository}/{chart.name}" if oci else chart.name,
        version=chart.version,
        repository_opts=None if oci else k8s.helm.v3.RepositoryOptsArgs(repo=chart.repository),
        namespace=namespace,
        values=values,
        atomic=True,
        timeout=600,
        opts=opts,
    )
