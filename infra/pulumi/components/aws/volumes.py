"""The volumes of pods on AWS."""

import pulumi
import pulumi_kubernetes as k8s

NAME = "gp3"


class Volumes(pulumi.ComponentResource):
    """The class that a claim gets unasked: encrypted with the stack's key, made in the zone of its pod."""

    def __init__(
        self, name: str, *, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("seawall:aws:Volumes", f"{name}-volumes", None, opts)
        k8s.storage.v1.StorageClass(
            NAME,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=NAME, annotations={"storageclass.kubernetes.io/is-default-class": "true"}
            ),
            provisioner="ebs.csi.aws.com",
            parameters={"type": "gp3", "encrypted": "true", "kmsKeyId": key_arn},
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            reclaim_policy="Delete",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
