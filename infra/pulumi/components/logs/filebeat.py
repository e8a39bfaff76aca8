"""Filebeat as ECK's resource: reads what the shop's containers wrote on each node."""

from typing import Any

from components.logs.namespaces import LOGS, LOGSTASH_PORT
from components.shop_namespace import SHOP
from components.size import size
from versions import ELASTIC

MEMORY_MIB = 256
# Kubelets name and rotate these files: <pod>_<namespace>_<container>-<id>.log, links into /var/log/pods.
FILES = f"/var/log/containers/*_{SHOP}_*.log"
_FOLDERS = {"containers": "/var/log/containers", "pods": "/var/log/pods"}


def filebeat() -> dict[str, Any]:
    """On every node, and sends to Logstash. A file is its buffer: what cannot be sent waits where it is.

    Without a token of the API server: names of pods come from those of the files.
    """
    mounts = [{"name": name, "mountPath": path, "readOnly": True} for name, path in _FOLDERS.items()]
    container = {
        "name": "filebeat",
        "resources": size(50, MEMORY_MIB),
        # Logs belong to root.
        "securityContext": {
            "runAsUser": 0,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": mounts,
    }
    pod = {
        "automountServiceAccountToken": False,
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "tolerations": [{"operator": "Exists"}],
        "containers": [container],
        "volumes": [{"name": name, "hostPath": {"path": path}} for name, path in _FOLDERS.items()],
    }
    return {
        "type": "filebeat",
        "version": ELASTIC,
        "config": _configuration(),
        "daemonSet": {"podTemplate": {"spec": pod}},
    }


def _configuration() -> dict[str, Any]:
    files = {
        "type": "filestream",
        "id": SHOP,
        "paths": [FILES],
        "parsers": [{"container": {}}],
        "prospector.scanner": {"symlinks": True},
    }
    names = {
        "dissect": {
            "field": "log.file.path",
            "tokenizer": "/var/log/containers/%{pod.name}_%{namespace}_%{container.name}-%{container.id}.log",
            "target_prefix": "kubernetes",
        }
    }
    return {
        "filebeat.inputs": [files],
        "processors": [names, {"drop_fields": {"fields": ["agent", "ecs", "input"], "ignore_missing": True}}],
        "output.logstash": {"hosts": [f"logs-ls-beats.{LOGS}.svc:{LOGSTASH_PORT}"]},
    }
