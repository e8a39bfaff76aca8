"""The whole stacks on AWS: nothing public, all encrypted, least privilege, and production kept."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from unit.infra.program import SECRET, Recorder, Resource, run_stack

STACKS = ("aws-staging", "aws-prod")
# What AWS lets nobody narrow down: a list has no resource. https://docs.aws.amazon.com/service-authorization
ON_ALL = ("Describe", "List", "Get")


@cache
def stack(name: str) -> Recorder:
    alerts = "pagerduty" if name == "aws-prod" else "none"
    observability = {"logs": "opensearch", "metrics": "amp", "alerts": alerts}
    return run_stack(
        name, stores='{"documents": true, "graph": true}', observability=json.dumps(observability)
    )


def production(type_: str) -> list[dict[str, Any]]:
    found = [dict(each.inputs) for each in stack("aws-prod").of(type_)]
    assert found, type_
    return found


def statements(made: Recorder) -> Iterator[tuple[Resource, dict[str, Any]]]:
    for resource in made.resources:
        for key in ("policy", "assumeRolePolicy", "accessPolicies"):
            if isinstance(text := resource.inputs.get(key), str):
                for statement in json.loads(text)["Statement"]:
                    yield resource, statement


def many(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize("name", STACKS)
def test_nothing_is_public_but_the_load_balancer(name):
    """No address, database or API is reached from outside; a NAT's address takes no connection."""
    made = stack(name)
    assert not any(s.inputs["mapPublicIpOnLaunch"] for s in made.of("ec2/subnet:Subnet"))
    assert not any(i.inputs["publiclyAccessible"] for i in made.of("rds/clusterInstance:ClusterInstance"))
    reach = made.one("eks/cluster:Cluster").inputs["vpcConfig"]
    assert not reach["endpointPublicAccess"]
    assert not made.of("lb/loadBalancer:LoadBalancer")
    nats = {nat.inputs["allocationId"] for nat in made.of("ec2/natGateway:NatGateway")}
    assert nats == {f"{each.name}-id" for each in made.of("ec2/eip:Eip")}


@pytest.mark.parametrize("name", STACKS)
def test_no_security_group_lets_the_internet_in(name):
    """Every rule names a group or a range of the VPC."""
    for group in stack(name).of("ec2/securityGroup:SecurityGroup"):
        for rule in group.inputs["ingress"]:
            assert rule.get("securityGroups") or rule["cidrBlocks"] != ["0.0.0.0/0"], group.name
        assert not group.inputs.get("egress"), group.name


@pytest.mark.parametrize("name", STACKS)
def test_the_stores_are_where_nothing_leads_out(name):
    """Their subnets are of the tier without a route."""
    made = stack(name)
    placed = [
        *(each.inputs["subnetIds"] for each in made.of("SubnetGroup")),
        made.one("msk/cluster:Cluster").inputs["brokerNodeGroupInfo"]["clientSubnets"],
        made.one("opensearch/domain:Domain").inputs["vpcOptions"]["subnetIds"],
    ]
    assert len(placed) == 5
    assert all("-data-" in subnet for subnets in placed for subnet in subnets)


@pytest.mark.parametrize("name", STACKS)
def test_everything_is_encrypted_at_rest(name):
    """Stores, volumes, logs, queues and secrets; with the stack's key where AWS takes one."""
    made = stack(name)
    key = made.one("kms/key:Key")
    arn = f"arn:aws:kms:eu-central-1:111122223333:{key.name}"
    keys = [made.one("msk/cluster:Cluster").inputs["encryptionInfo"]["encryptionAtRestKmsKeyArn"]]
    keys += [made.one("elasticache/replicationGroup:ReplicationGroup").inputs["kmsKeyId"]]
    keys += [made.one("opensearch/domain:Domain").inputs["encryptAtRest"]["kmsKeyId"]]
    keys += [made.one("amp/workspace:Workspace").inputs["kmsKeyArn"]]
    keys += [each.inputs["kmsKeyId"] for each in made.of("cloudwatch/logGroup:LogGroup")]
    keys += [each.inputs["kmsKeyId"] for each in made.of("secretsmanager/secret:Secret")]
    for type_ in ("rds/cluster:Cluster", "docdb/cluster:Cluster"):
        assert made.one(type_).inputs["storageEncrypted"]
        keys.append(made.one(type_).inputs["kmsKeyId"])
    for template in made.of("ec2/launchTemplate:LaunchTemplate"):
        keys += [volume["ebs"]["kmsKeyId"] for volume in template.inputs["blockDeviceMappings"]]
    assert set(keys) == {arn}
    assert made.one("elasticache/replicationGroup:ReplicationGroup").inputs["atRestEncryptionEnabled"]
    assert all(queue.inputs["sqsManagedSseEnabled"] for queue in made.of("sqs/queue:Queue"))
    assert key.inputs["enableKeyRotation"]


@pytest.mark.parametrize("name", STACKS)
def test_everything_is_encrypted_on_the_wire(name):
    """A store takes no plain connection."""
    made = stack(name)
    msk = made.one("msk/cluster:Cluster").inputs
    assert msk["encryptionInfo"]["encryptionInTransit"] == {"clientBroker": "TLS", "inCluster": True}
    assert msk["clientAuthentication"] == {"sasl": {"scram": True}, "unauthenticated": False}
    group = made.one("elasticache/replicationGroup:ReplicationGroup").inputs
    assert (group["transitEncryptionEnabled"], group["transitEncryptionMode"]) == (True, "required")
    parameters = made.one("rds/clusterParameterGroup:ClusterParameterGroup").inputs["parameters"]
    assert {"name": "rds.force_ssl", "value": "1"} in parameters
    assert made.one("docdb/clusterParameterGroup:ClusterParameterGroup").inputs["parameters"] == [
        {"name": "tls", "value": "enabled"},
        {"name": "audit_logs", "value": "enabled"},
    ]
    domain = made.one("opensearch/domain:Domain").inputs
    assert domain["nodeToNodeEncryption"]["enabled"]
    assert domain["domainEndpointOptions"]["enforceHttps"]


def too_much(resource: Resource, statement: dict[str, Any]) -> list[str]:
    """The actions of a statement that go too far."""
    actions = many(statement["Action"])
    if statement["Effect"] == "Deny":
        return []
    if resource.type.endswith(("kms/key:Key", "QueuePolicy")) or "Resource" not in statement:
        # The policy of a thing speaks of that thing alone, and one of trust of no thing.
        return [action for action in actions if action == "*"]
    everything = "*" in many(statement["Resource"])
    return [
        action
        for action in actions
        if action.endswith("*") or (everything and not action.partition(":")[2].startswith(ON_ALL))
    ]


@pytest.mark.parametrize("name", STACKS)
def test_nobody_may_do_all(name):
    """No role has * or `service:*`, and only what reads goes without a resource."""
    seen = [(resource, each) for resource, each in statements(stack(name)) if "Resource" in each]
    assert len(seen) > 30
    faults = {(r.name, *too_much(r, each)) for r, each in seen if too_much(r, each)}
    # EBS encrypts by the actions whose names KMS has left open.
    assert {fault[1:] for fault in faults} <= {("kms:ReEncrypt*", "kms:GenerateDataKey*")}


@pytest.mark.parametrize(
    ("action", "resource", "found"),
    [
        ("*", "arn:aws:s3:::a", True),
        ("s3:*", "arn:aws:s3:::a", True),
        ("s3:PutObject", "*", True),
        ("s3:PutObject", "arn:aws:s3:::a", False),
        ("ec2:DescribeVpcs", "*", False),
    ],
)
def test_what_goes_too_far_is_found(action, resource, found):
    """The check itself, on planted statements."""
    planted = Resource("aws:iam/rolePolicy:RolePolicy", "planted", {})
    statement = {"Effect": "Allow", "Action": [action], "Resource": [resource]}
    assert bool(too_much(planted, statement)) is found


@pytest.mark.parametrize("name", STACKS)
def test_secrets_are_read_one_by_one(name):
    """The operator may read each secret that the stack has made, by its ARN, and nothing by a pattern."""
    made = stack(name)
    policy = next(p for p in made.of("iam/rolePolicy:RolePolicy") if p.name.endswith("-external-secrets"))
    read = json.loads(policy.inputs["policy"])["Statement"][0]["Resource"]
    assert not [arn for arn in read if arn.endswith("*")]
    own = {
        f"arn:aws:secretsmanager:eu-central-1:111122223333:{s.name}"
        for s in made.of("secretsmanager/secret:Secret")
    }
    default = {arn for arn in own if arn.endswith("-redis-default")}
    assert own - default == {arn for arn in read if ":secret:rds!" not in arn}


@pytest.mark.parametrize("name", STACKS)
def test_every_log_ends_one_day(name):
    """Flow logs, the control plane, Kafka and both databases: none is kept for ever."""
    groups = stack(name).of("cloudwatch/logGroup:LogGroup")
    assert len(groups) == 5
    assert {each.inputs["retentionInDays"] for each in groups} == {30}


@pytest.mark.parametrize("name", STACKS)
def test_metrics_are_written_to_the_workspace_by_who_may(name):
    """The account of the chart's Prometheus has the role, which may write to this workspace alone."""
    made = stack(name)
    values = made.one("Release", "kube-prometheus-stack").inputs["values"]["prometheus"]
    [remote] = values["prometheusSpec"]["remoteWrite"]
    assert remote["url"].endswith("/api/v1/remote_write")
    [association] = [
        each.inputs
        for each in made.of("eks/podIdentityAssociation:PodIdentityAssociation")
        if each.name.endswith("-metrics-writer")
    ]
    assert association["namespace"] == "monitoring"
    assert association["serviceAccount"] == values["serviceAccount"]["name"]
    [right] = [each for _, each in statements(made) if "aps:RemoteWrite" in many(each["Action"])]
    assert many(right["Action"]) == ["aps:RemoteWrite"]


@pytest.mark.parametrize("name", STACKS)
def test_volumes_of_pods_are_encrypted(name):
    """The class that a claim gets unasked encrypts with the stack's key."""
    made = stack(name)
    volumes = made.one("StorageClass").inputs
    assert volumes["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
    assert volumes["parameters"]["encrypted"] == "true"
    assert volumes["parameters"]["kmsKeyId"].endswith(made.one("kms/key:Key").name)


def test_production_is_kept():
    """Deletion protection, a last snapshot, five weeks of backups."""
    for type_ in ("rds/cluster:Cluster", "docdb/cluster:Cluster"):
        [cluster] = production(type_)
        assert cluster["deletionProtection"]
        assert not cluster["skipFinalSnapshot"]
        assert cluster["finalSnapshotIdentifier"]
        assert cluster["backupRetentionPeriod"] == 35
    assert production("eks/cluster:Cluster")[0]["deletionProtection"]
    assert production("elasticache/replicationGroup:ReplicationGroup")[0]["snapshotRetentionLimit"] == 35


def test_production_survives_the_loss_of_a_zone():
    """A NAT in each zone, brokers and instances over all, and replicas that take over by themselves."""
    assert len(production("ec2/natGateway:NatGateway")) == 3
    assert production("msk/cluster:Cluster")[0]["numberOfBrokerNodes"] == 3
    assert "min.insync.replicas=2" in production("msk/configuration:Configuration")[0]["serverProperties"]
    assert len(production("rds/clusterInstance:ClusterInstance")) >= 2
    [group] = production("elasticache/replicationGroup:ReplicationGroup")
    assert group["automaticFailoverEnabled"]
    assert group["multiAzEnabled"]
    assert {len(set(g["subnetIds"])) for g in production("eks/nodeGroup:NodeGroup")} == {3}


@pytest.mark.parametrize("name", STACKS)
def test_everything_is_tagged(name):
    """Every resource of AWS is made by the provider that tags it with project and stack."""
    made = stack(name)
    provider = made.one("pulumi:providers:aws")
    tags = json.loads(provider.inputs["defaultTags"])["tags"]
    assert tags == {"project": "seawall", "stack": name, "managed-by": "pulumi"}
    others = {r.name for r in made.resources if r.type.startswith("aws:") and "::aws::" not in r.provider}
    assert others == set()


@pytest.mark.parametrize("name", STACKS)
def test_every_pod_resource_goes_to_eks(name):
    """No resource of Kubernetes is sent to whatever cluster the caller's kubeconfig happens to name."""
    made = stack(name)
    kubernetes = [r for r in made.resources if r.type.startswith("kubernetes:") and r.is_custom]
    assert kubernetes
    assert {r.name for r in kubernetes if "::eks::" not in r.provider} == set()


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize(
    ("secret", "holders"),
    [
        ("made-by-aws", {"aws:secretsmanager/secretVersion:SecretVersion", "aws:elasticache/user:User"}),
        (SECRET, {"aws:secretsmanager/secretVersion:SecretVersion"}),
    ],
)
def test_no_password_is_written_down(name, secret, holders):
    """What AWS has made, and what is configured, is in Secrets Manager; of it Valkey's users know theirs."""
    found = {
        resource.type
        for resource in stack(name).resources
        if secret in json.dumps(resource.inputs, default=str)
    }
    assert found == holders
