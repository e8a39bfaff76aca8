"""How the programs reach a cluster of EKS: by the caller's own role, for a quarter of an hour at a time."""

import pulumi

from components.aws.cluster import Cluster


def kubeconfig(cluster: Cluster, region: str) -> pulumi.Output[str]:
    """A kubeconfig that holds no secret: `aws eks get-token` is asked for one when it is used."""
    return pulumi.Output.json_dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "eks",
                    "cluster": {
                        "server": cluster.endpoint,
                        "certificate-authority-data": cluster.authority,
                    },
                }
            ],
            "users": [
                {
                    "name": "caller",
                    "user": {
                        "exec": {
                            "apiVersion": "client.authentication.k8s.io/v1",
                            "command": "aws",
                            "args": ["eks", "get-token", "--cluster-name", cluster.name, "--region", region],
                            "interactiveMode": "Never",
                        }
                    },
                }
            ],
            "contexts": [{"name": "eks", "context": {"cluster": "eks", "user": "caller"}}],
            "current-context": "eks",
        }
    )
