"""The network of a stack on AWS."""

from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from components.aws.flow_logs import FlowLogs
from components.aws.subnets import Tier, make_tier, plan

EVERYWHERE = "0.0.0.0/0"
INTERFACES = ("ecr.api", "ecr.dkr", "sts", "logs")
DISCOVERY = "karpenter.sh/discovery"


class Network(pulumi.ComponentResource):
    """A VPC over the zones, in three tiers.

    Load balancers are public. Nodes and pods are private, and leave by NAT: one for each zone, or one for
    all with `nat_per_zone` off. The stores' subnets have no way out. The nodes find their subnets by the
    tag `karpenter.sh/discovery`, load balancers by `kubernetes.io/role/elb`. Images, tokens and logs go
    by endpoints, so they need no NAT.
    """

    vpc_id: pulumi.Output[str]
    cidr: str
    private: Tier
    public: Tier
    data: Tier

    def __init__(
        self,
        name: str,
        *,
        region: str,
        cidr: IPv4Network,
        zones: int,
        nat_per_zone: bool,
        key_arn: pulumi.Input[str],
        retention_days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:Network", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self.cidr = str(cidr)
        vpc = aws.ec2.Vpc(
            name,
            cidr_block=self.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": name},
            opts=self._child,
        )
        self.vpc_id = vpc.id
        # Without rules: what forgets to name its security group reaches nothing.
        aws.ec2.DefaultSecurityGroup(name, vpc_id=vpc.id, opts=self._child)
        self._tiers(name, cidr, zones)
        self._ways_out(name, zones if nat_per_zone else 1)
        self._endpoints(name, region)
        FlowLogs(name, vpc_id=vpc.id, key_arn=key_arn, retention_days=retention_days, opts=self._child)
        self.register_outputs({"vpc_id": self.vpc_id})

    def _tiers(self, name: str, cidr: IPv4Network, zones: int) -> None:
        found = aws.get_availability_zones_output(
            state="available",
            filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
            opts=pulumi.InvokeOutputOptions(parent=self),
        ).names
        ranges = plan(cidr, zones)
        inside = {"kubernetes.io/role/internal-elb": "1", DISCOVERY: name}
        outside = {"kubernetes.io/role/elb": "1"}
        vpc = self.vpc_id
        self.private = make_tier(f"{name}-private", vpc, ranges.private, found, inside, self._child)
        self.public = make_tier(f"{name}-public", vpc, ranges.public, found, outside, self._child)
        self.data = make_tier(f"{name}-data", vpc, ranges.data, found, {}, self._child)

    def _ways_out(self, name: str, gateways: int) -> None:
        child = self._child
        internet = aws.ec2.InternetGateway(name, vpc_id=self.vpc_id, tags={"Name": name}, opts=child)
        nats = []
        for at in range(gateways):
            label = f"{name}-{at}"
            address = aws.ec2.Eip(label, domain="vpc", tags={"Name": label}, opts=child)
            nat = aws.ec2.NatGateway(
                label,
                subnet_id=self.public.subnets[at].id,
                allocation_id=address.id,
                tags={"Name": label},
                opts=pulumi.ResourceOptions(parent=self, depends_on=[internet]),
            )
            nats.append(nat)
        for at, (public, private) in enumerate(zip(self.public.tables, self.private.tables, strict=True)):
            aws.ec2.Route(
                f"{name}-public-{at}",
                route_table_id=public.id,
                destination_cidr_block=EVERYWHERE,
                gateway_id=internet.id,
                opts=child,
            )
            aws.ec2.Route(
                f"{name}-private-{at}",
                route_table_id=private.id,
                destination_cidr_block=EVERYWHERE,
                nat_gateway_id=nats[at % gateways].id,
                opts=child,
            )

    def _endpoints(self, name: str, region: str) -> None:
        aws.ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in (*self.private.tables, *self.data.tables)],
            tags={"Name": f"{name}-s3"},
            opts=self._child,
        )
        group = aws.ec2.SecurityGroup(
            f"{name}-endpoints",
            description="HTTPS from the VPC to the endpoints",
            vpc_id=self.vpc_id,
            ingress=[
                aws.ec2.SecurityGroupIngressArgs(
                    protocol="tcp", from_port=443, to_port=443, cidr_blocks=[self.cidr]
                )
            ],
            tags={"Name": f"{name}-endpoints"},
            opts=self._child,
        )
        for service in INTERFACES:
            aws.ec2.VpcEndpoint(
                f"{name}-{service}",
                vpc_id=self.vpc_id,
                service_name=f"com.amazonaws.{region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=self.private.ids,
                security_group_ids=[group.id],
                tags={"Name": f"{name}-{service}"},
                opts=self._child,
            )
