"""How much of what a resource is, read from what the program asks for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from components.aws.cloud_watch import CACHE_NODE, MSK_BROKER, MSK_CLUSTER, RDS_CLUSTER, RDS_INSTANCE, Asked
from components.aws.node_group import DATA_GIB, SYSTEM_GIB
from components.aws.node_pool import vcpus
from recording import Resource
from versions import NEO4J

DISK_GIB = DATA_GIB + SYSTEM_GIB


@dataclass(frozen=True)
class Quantity:
    """So many of a price's key, from the least to the most that an autoscaler makes of it."""

    component: str
    key: str
    least: float
    most: float
    spot: bool = False


Reading = Callable[[Resource], Iterator[Quantity]]


def _each(component: str, key: str) -> Reading:
    def read(_resource: Resource) -> Iterator[Quantity]:
        yield Quantity(component, key, 1, 1)

    return read


def _nodes(types: list[str], least: float, most: float, *, spot: bool) -> Iterator[Quantity]:
    # Which of its types a group gets is AWS's choice: the first is what was asked for.
    yield Quantity("nodes", f"ec2.{types[0]}", least, most, spot)
    yield Quantity("nodes", "ebs.gp3.gib", least * DISK_GIB, most * DISK_GIB)


def _node_group(resource: Resource) -> Iterator[Quantity]:
    scaling, types = resource.inputs["scalingConfig"], resource.inputs["instanceTypes"]
    spot = resource.inputs["capacityType"] == "SPOT"
    yield from _nodes(types, scaling["minSize"], scaling["maxSize"], spot=spot)


def _node_pool(resource: Resource) -> Iterator[Quantity]:
    spec = resource.inputs["spec"]
    wanted = {each["key"]: each["values"] for each in spec["template"]["spec"]["requirements"]}
    types = wanted["node.kubernetes.io/instance-type"]
    most = float(spec["limits"]["cpu"]) / vcpus(types[0])
    yield from _nodes(types, 0, most, spot=wanted["karpenter.sh/capacity-type"] == ["spot"])


def _endpoint(resource: Resource) -> Iterator[Quantity]:
    if resource.inputs["vpcEndpointType"] == "Interface":
        count = len(resource.inputs["subnetIds"])
        yield Quantity("network", "endpoint.interface", count, count)


def _instance(component: str, prefix: str) -> Reading:
    def read(resource: Resource) -> Iterator[Quantity]:
        yield Quantity(component, f"{prefix}.{resource.inputs['instanceClass']}", 1, 1)

    return read


def _aurora_instance(resource: Resource) -> Iterator[Quantity]:
    yield from _instance("postgres", "rds")(resource)
    yield _watched(RDS_INSTANCE)


def _aurora(_resource: Resource) -> Iterator[Quantity]:
    yield _watched(RDS_CLUSTER)


def _watched(asked: Asked, times: int = 1) -> Quantity:
    """The metrics that CloudWatch is asked for each minute."""
    many = len(asked.metrics) * times
    return Quantity("metrics", "cloudwatch.metric", many, many)


def _msk(resource: Resource) -> Iterator[Quantity]:
    brokers, group = resource.inputs["numberOfBrokerNodes"], resource.inputs["brokerNodeGroupInfo"]
    gib = brokers * group["storageInfo"]["ebsStorageInfo"]["volumeSize"]
    yield Quantity("kafka", f"msk.{group['instanceType']}", brokers, brokers)
    yield Quantity("kafka", "msk.storage.gib", gib, gib)
    yield _watched(MSK_BROKER, brokers)
    yield _watched(MSK_CLUSTER)


def _elasticache(resource: Resource) -> Iterator[Quantity]:
    inputs = resource.inputs
    nodes = inputs["numCacheClusters"]
    yield Quantity("redis", f"elasticache.{inputs['engine']}.{inputs['nodeType']}", nodes, nodes)
    yield _watched(CACHE_NODE, nodes)


def _opensearch(resource: Resource) -> Iterator[Quantity]:
    nodes = resource.inputs["clusterConfig"]["instanceCount"]
    gib = nodes * resource.inputs["ebsOptions"]["volumeSize"]
    yield Quantity("logs", f"opensearch.{resource.inputs['clusterConfig']['instanceType']}", nodes, nodes)
    yield Quantity("logs", "ebs.gp3.gib", gib, gib)


def _service(resource: Resource) -> Iterator[Quantity]:
    if resource.inputs.get("spec", {}).get("type") == "LoadBalancer":
        yield Quantity("edge", "load-balancer.network", 1, 1)


def _release(resource: Resource) -> Iterator[Quantity]:
    """Of what charts make the disk of the graph is known; on AWS it is of the class gp3."""
    if resource.inputs.get("chart") == NEO4J.name:
        disk = resource.inputs["values"]["volumes"]["data"]["dynamic"]
        gib = float(disk["requests"]["storage"].removesuffix("Gi"))
        yield Quantity("graph", "ebs.gp3.gib", gib, gib)


READINGS: dict[str, Reading] = {
    "aws:docdb/clusterInstance:ClusterInstance": _instance("documents", "docdb"),
    "aws:ec2/eip:Eip": _each("network", "ipv4"),
    "aws:ec2/natGateway:NatGateway": _each("network", "nat.gateway"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:eks/cluster:Cluster": _each("cluster", "eks.cluster"),
    "aws:eks/nodeGroup:NodeGroup": _node_group,
    "aws:elasticache/replicationGroup:ReplicationGroup": _elasticache,
    "aws:kms/key:Key": _each("secrets", "kms.key"),
    "aws:msk/cluster:Cluster": _msk,
    "aws:opensearch/domain:Domain": _opensearch,
    "aws:rds/cluster:Cluster": _aurora,
    "aws:rds/clusterInstance:ClusterInstance": _aurora_instance,
    "aws:secretsmanager/secret:Secret": _each("secrets", "secret"),
    "kubernetes:core/v1:Service": _service,
    "kubernetes:helm.sh/v3:Release": _release,
    "kubernetes:karpenter.sh/v1:NodePool": _node_pool,
}
# What is charged for by its use alone: the component, and the keys of `use`.
BY_USE: dict[str, tuple[str, tuple[str, ...]]] = {
    "aws:cloudwatch/logGroup:LogGroup": ("logs", ("logs.gib",)),
    "aws:docdb/cluster:Cluster": ("documents", ("docdb.storage.gib",)),
    "aws:ec2/natGateway:NatGateway": ("network", ("nat.gib", "internet.gib")),
    "aws:rds/cluster:Cluster": ("postgres", ("rds.storage.gib", "rds.million-requests")),
    "kubernetes:core/v1:Service": ("edge", ("load-balancer.capacity-unit",)),
}
