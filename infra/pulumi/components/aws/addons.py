"""The add-ons that AWS keeps in the cluster, each at its pinned version."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from components.aws.iam import Allow
from components.aws.pod_identity import pod_role
from versions import EKS_ADDONS

# A /28 for each node at once: pods start without a call to EC2, and a node holds as many as it can run.
VPC_CNI = {
    "enableNetworkPolicy": "true",
    "env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
}
COREDNS = {"autoScaling": {"enabled": True, "minReplicas": 3, "maxReplicas": 20}}


class _Addons(pulumi.ComponentResource):
    cluster_name: pulumi.Input[str]

    def __init__(
        self,
        type_: str,
        name: str,
        cluster_name: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        super().__init__(type_, name, None, opts)
        self.cluster_name = cluster_name
        self._child = pulumi.ResourceOptions(parent=self)

    def _add(
        self,
        addon: str,
        configuration: Mapping[str, Any] | None = None,
        identity: tuple[str, aws.iam.Role] | None = None,
    ) -> aws.eks.Addon:
        associations = (
            [aws.eks.AddonPodIdentityAssociationArgs(service_account=identity[0], role_arn=identity[1].arn)]
            if identity
            else None
        )
        return aws.eks.Addon(
            addon,
            addon_name=addon,
            addon_version=EKS_ADDONS[addon],
            cluster_name=self.cluster_name,
            configuration_values=json.dumps(configuration) if configuration else None,
            pod_identity_associations=associations,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            opts=self._child,
        )


class NodeAddons(_Addons):
    """What a node needs to become ready: addresses with network policies, services, identities."""

    def __init__(
        self, name: str, *, cluster_name: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("seawall:aws:NodeAddons", f"{name}-node-addons", cluster_name, opts)
        role = pod_role(f"{name}-vpc-cni", managed=("AmazonEKS_CNI_Policy",), opts=self._child)
        self._add("eks-pod-identity-agent")
        self._add("vpc-cni", VPC_CNI, ("aws-node", role))
        self._add("kube-proxy")
        self.register_outputs({})


class ClusterAddons(_Addons):
    """What runs on the nodes: DNS and volumes, encrypted with the stack's key."""

    def __init__(
        self,
        name: str,
        *,
        cluster_name: pulumi.Input[str],
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:ClusterAddons", f"{name}-cluster-addons", cluster_name, opts)
        role = pod_role(
            f"{name}-ebs-csi",
            Allow(["kms:CreateGrant"], [key_arn], {"Bool": {"kms:GrantIsForAWSResource": "true"}}),
            Allow(
                ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
                [key_arn],
            ),
            managed=("service-role/AmazonEBSCSIDriverPolicy",),
            opts=self._child,
        )
        self._add("coredns", COREDNS)
        self._add("aws-ebs-csi-driver", None, ("ebs-csi-controller-sa", role))
        self.register_outputs({})
