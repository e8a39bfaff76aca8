"""Elasticsearch and Kibana as ECK's resources. https://www.elastic.co/docs/deploy-manage/deploy/cloud-on-k8s"""

from typing import Any

from components.priorities import STORES
from components.size import size
from versions import ELASTIC

NAME = "logs"
ELASTICSEARCH_MIB, KIBANA_MIB = 2048, 1024
SPREAD = "topology.kubernetes.io/zone"
_POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def pod(container: str, cpu_millis: int, memory_mib: int) -> dict[str, Any]:
    """What is ours in the pods of a resource of ECK's: their size, their rights, and that they go last."""
    return {
        "spec": {
            "priorityClassName": STORES,
            "automountServiceAccountToken": False,
            "securityContext": _POD,
            "containers": [{"name": container, "resources": size(cpu_millis, memory_mib)}],
        }
    }


def elasticsearch(nodes: int, storage_gib: int) -> dict[str, Any]:
    """All nodes are alike, one in each zone while there are as many; the heap is half of the memory."""
    template = pod("elasticsearch", 500, ELASTICSEARCH_MIB)
    template["spec"]["topologySpreadConstraints"] = [
        {
            "maxSkew": 1,
            "topologyKey": SPREAD,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": {"elasticsearch.k8s.elastic.co/cluster-name": NAME}},
        }
    ]
    return {
        "version": ELASTIC,
        "volumeClaimDeletePolicy": "DeleteOnScaledownOnly",
        "nodeSets": [
            {
                "name": "all",
                "count": nodes,
                # Memory maps need a setting of the node that only a privileged pod could make.
                "config": {"node.store.allow_mmap": False},
                "podTemplate": template,
                "volumeClaimTemplates": [
                    {
                        "metadata": {"name": "elasticsearch-data"},
                        "spec": {
                            "accessModes": ["ReadWriteOnce"],
                            "resources": {"requests": {"storage": f"{storage_gib}Gi"}},
                        },
                    }
                ],
            }
        ],
    }


def kibana() -> dict[str, Any]:
    """Where people look: `kubectl -n logs port-forward service/logs-kb-http 5601`."""
    return {
        "version": ELASTIC,
        "count": 1,
        "elasticsearchRef": {"name": NAME},
        "config": {"telemetry.optIn": False},
        "podTemplate": pod("kibana", 100, KIBANA_MIB),
    }
