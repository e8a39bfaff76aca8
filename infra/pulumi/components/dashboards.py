"""What people look at: our dashboards, for the Grafana of the cluster."""

import json

import pulumi
import pulumi_kubernetes as k8s

from components.watching.grafana import Dashboard
from components.watching.sale_board import sale_board
from components.watching.service_board import service_board
from components.watching.store_queries import StoreQueries
from components.watching.stores_board import stores_board

# What the sidecar of Grafana looks for: it hands over each file of such a ConfigMap.
LABEL, LABEL_VALUE = "grafana_dashboard", "1"
FOLDER_ANNOTATION, FOLDER = "grafana_folder", "Seawall"


class Dashboards(pulumi.ComponentResource):
    """A ConfigMap for each dashboard, which Grafana shows in a folder of ours and lets nobody edit."""

    def __init__(
        self,
        namespace: pulumi.Input[str],
        stores: StoreQueries,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:platform:Dashboards", "dashboards", None, opts)
        self._namespace = namespace
        for dashboard in (sale_board(), service_board(), stores_board(stores)):
            self._config_map(dashboard)
        self.register_outputs({})

    def _config_map(self, dashboard: Dashboard) -> None:
        name = f"dashboard-{dashboard.uid}"
        k8s.core.v1.ConfigMap(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=name,
                namespace=self._namespace,
                labels={LABEL: LABEL_VALUE, "app.kubernetes.io/part-of": "seawall"},
                annotations={FOLDER_ANNOTATION: FOLDER},
            ),
            data={f"{dashboard.uid}.json": json.dumps(dashboard.model(), indent=1)},
            opts=pulumi.ResourceOptions(parent=self),
        )
