"""A managed group of nodes."""

import pulumi
import pulumi_aws as aws

from components.aws.cluster import Cluster
from components.aws.network import Network
from settings import NodeGroup as NodeGroupSettings
from versions import EKS

BOTTLEROCKET = {"arm64": "BOTTLEROCKET_ARM_64", "amd64": "BOTTLEROCKET_x86_64"}
SYSTEM_GIB, DATA_GIB = 4, 60
CAPACITY = "seawall.dev/capacity"


class NodeGroup(pulumi.ComponentResource):
    """Bottlerocket nodes, whose volumes are encrypted and whose metadata no pod can read.

    Metadata is answered to IMDSv2 alone and over one hop, which is as far as the node. Nobody logs in:
    there is no SSH. `elastic`: an autoscaler moves the number of nodes, and Pulumi leaves it alone.
    """

    group: aws.eks.NodeGroup

    def __init__(
        self,
        name: str,
        settings: NodeGroupSettings,
        *,
        cluster: Cluster,
        network: Network,
        key_arn: pulumi.Input[str],
        elastic: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:NodeGroup", name, None, opts)
        self.settings = settings
        template = self._template(name, key_arn)
        self.group = aws.eks.NodeGroup(
            name,
            cluster_name=cluster.name,
            version=EKS,
            node_role_arn=cluster.node_role.arn,
            subnet_ids=network.private.ids,
            ami_type=BOTTLEROCKET[settings.architecture],
            capacity_type=settings.capacity.upper().replace("-", "_"),
            instance_types=settings.instance_types,
            scaling_config=aws.eks.NodeGroupScalingConfigArgs(
                min_size=settings.min_nodes, desired_size=settings.min_nodes, max_size=settings.max_nodes
            ),
            update_config=aws.eks.NodeGroupUpdateConfigArgs(max_unavailable_percentage=20),
            node_repair_config=aws.eks.NodeGroupNodeRepairConfigArgs(enabled=True),
            launch_template=aws.eks.NodeGroupLaunchTemplateArgs(
                id=template.id, version=template.latest_version.apply(str)
            ),
            labels={CAPACITY: settings.capacity},
            tags={"Name": name},
            opts=pulumi.ResourceOptions(
                parent=self, ignore_changes=["scalingConfig.desiredSize"] if elastic else None
            ),
        )
        self.register_outputs({})

    @property
    def autoscaling_group(self) -> pulumi.Output[str]:
        """The name of the group in EC2 that AWS has made for it."""
        return self.group.resources[0].autoscaling_groups[0].name.apply(str)

    def _template(self, name: str, key_arn: pulumi.Input[str]) -> aws.ec2.LaunchTemplate:
        return aws.ec2.LaunchTemplate(
            name,
            block_device_mappings=[
                _volume("/dev/xvda", SYSTEM_GIB, key_arn),
                _volume("/dev/xvdb", DATA_GIB, key_arn),
            ],
            metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
                http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
            ),
            tag_specifications=[
                aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags={"Name": name})
                for kind in ("instance", "volume")
            ],
            update_default_version=True,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _volume(
    device: str, gib: int, key_arn: pulumi.Input[str]
) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgs:
    return aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
        device_name=device,
        ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            volume_size=gib,
            volume_type="gp3",
            encrypted="true",
            kms_key_id=key_arn,
            delete_on_termination="true",
        ),
    )
