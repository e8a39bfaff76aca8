"""Logs of the shop in the cluster: Filebeat, Logstash, Elasticsearch, Kibana, by ECK."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.logs.elastic_stack import NAME, elasticsearch, kibana
from components.logs.filebeat import filebeat
from components.logs.logstash import logstash
from components.logs.namespaces import (
    BASELINE,
    LOGS,
    OPERATORS,
    PRIVILEGED,
    SHIPPERS,
    keep_others_out,
    namespace,
)
from components.logs.retention import keep_for
from components.mesh import Membership
from components.release import release
from components.size import size
from settings import Observability
from versions import ECK_OPERATOR

APIS = {
    "Elasticsearch": "elasticsearch.k8s.elastic.co/v1",
    "Kibana": "kibana.k8s.elastic.co/v1",
    "Logstash": "logstash.k8s.elastic.co/v1alpha1",
    "Beat": "beat.k8s.elastic.co/v1beta1",
}


class ElasticLogs(pulumi.ComponentResource):
    """What the shop's containers print is kept for `logs_days`, and looked at in Kibana.

    Nothing of it is in the way of a request: a service writes to its standard output, whatever becomes of it.
    """

    def __init__(
        self,
        observability: Observability,
        membership: Membership,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:platform:ElasticLogs", LOGS, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = namespace(LOGS, BASELINE, child, membership)
        shippers = namespace(SHIPPERS, PRIVILEGED, child, membership)
        keep_others_out(kept, membership, child)
        operator = release(
            ECK_OPERATOR,
            namespace=namespace(OPERATORS, {}, child),
            values={
                "managedNamespaces": [LOGS, SHIPPERS],
                "resources": size(100, 256),
            },
            opts=child,
        )
        after = pulumi.ResourceOptions(parent=self, depends_on=[operator])
        nodes = observability.logs_nodes
        store = self._made("Elasticsearch", kept, elasticsearch(nodes, observability.logs_storage_gib), after)
        then = pulumi.ResourceOptions(parent=self, depends_on=[operator, store])
        self._made("Kibana", kept, kibana(), then)
        # A stream has the retention of the day when it is made: nothing is written before.
        retention = keep_for(observability.logs_days, kept, then)
        way = self._made(
            "Logstash",
            kept,
            logstash(min(nodes, 2)),
            pulumi.ResourceOptions(parent=self, depends_on=[operator, store, retention]),
        )
        self._made("Beat", shippers, filebeat(), pulumi.ResourceOptions(parent=self, depends_on=[way]))
        self.register_outputs({})

    def _made(
        self, kind: str, where: pulumi.Input[str], spec: dict[str, Any], opts: pulumi.ResourceOptions
    ) -> k8s.apiextensions.CustomResource:
        return k8s.apiextensions.CustomResource(
            f"logs-{kind.lower()}",
            api_version=APIS[kind],
            kind=kind,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=NAME, namespace=where),
            spec=spec,
            opts=opts,
        )
