"""Logs by Amazon OpenSearch."""

import json

import pulumi
import pulumi_aws as aws

from components.access import Destination
from components.aws.fluent_bit import WRITER
from components.aws.iam import Allow
from components.aws.pod_identity import PodIdentity
from components.aws.store import Setting, destinations, guard
from components.logs.namespaces import LOGS
from versions import OPENSEARCH

HTTPS = 443


class OpenSearch(pulumi.ComponentResource):
    """A domain over three zones within the VPC, by TLS alone. The log shipper's pods may write to it."""

    endpoint: pulumi.Output[str]
    destinations: tuple[Destination, ...]

    def __init__(
        self,
        setting: Setting,
        *,
        region: str,
        account: pulumi.Input[str],
        instance_type: str,
        nodes: int,
        storage_gib: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:OpenSearch", f"{setting.name}-logs", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        label = f"{setting.name}-logs"
        arn = pulumi.Output.concat(f"arn:aws:es:{region}:", account, f":domain/{label}")
        writer = PodIdentity(
            f"{label}-writer",
            Allow(["es:ESHttpPost", "es:ESHttpPut", "es:ESHttpHead"], [pulumi.Output.concat(arn, "/*")]),
            cluster_name=setting.cluster.name,
            namespace=LOGS,
            service_account=WRITER,
            opts=child,
        )
        domain = aws.opensearch.Domain(
            label,
            domain_name=label,
            engine_version=OPENSEARCH,
            cluster_config=_nodes(instance_type, nodes),
            ebs_options=aws.opensearch.DomainEbsOptionsArgs(
                ebs_enabled=True, volume_type="gp3", volume_size=storage_gib
            ),
            vpc_options=aws.opensearch.DomainVpcOptionsArgs(
                subnet_ids=setting.network.data.ids[:3],
                security_group_ids=[guard(setting, "logs", [HTTPS], child).id],
            ),
            encrypt_at_rest=aws.opensearch.DomainEncryptAtRestArgs(enabled=True, kms_key_id=setting.key_arn),
            node_to_node_encryption=aws.opensearch.DomainNodeToNodeEncryptionArgs(enabled=True),
            domain_endpoint_options=aws.opensearch.DomainDomainEndpointOptionsArgs(
                enforce_https=True, tls_security_policy="Policy-Min-TLS-1-2-PFS-2023-10"
            ),
            access_policies=pulumi.Output.all(arn, writer.role_arn).apply(lambda both: _for(*both)),
            opts=child,
        )
        self.endpoint = domain.endpoint
        self.destinations = destinations(setting, HTTPS)
        self.register_outputs({"endpoint": self.endpoint})


def _nodes(instance_type: str, nodes: int) -> aws.opensearch.DomainClusterConfigArgs:
    return aws.opensearch.DomainClusterConfigArgs(
        instance_type=instance_type,
        instance_count=nodes,
        zone_awareness_enabled=True,
        zone_awareness_config=aws.opensearch.DomainClusterConfigZoneAwarenessConfigArgs(
            availability_zone_count=3
        ),
    )


def _for(arn: str, role_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": role_arn},
        "Action": ["es:ESHttpPost", "es:ESHttpPut", "es:ESHttpHead"],
        "Resource": f"{arn}/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
