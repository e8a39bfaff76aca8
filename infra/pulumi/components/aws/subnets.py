"""How the addresses of a VPC are dealt out."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

MOST_ZONES = 6


@dataclass(frozen=True)
class Plan:
    """The ranges by zone: private for nodes and pods, public for load balancers, data for stores."""

    private: tuple[IPv4Network, ...]
    public: tuple[IPv4Network, ...]
    data: tuple[IPv4Network, ...]


def plan(cidr: IPv4Network, zones: int) -> Plan:
    """An eighth of the range to each zone's nodes, and of the last two eighths an eighth to the others.

    A /16 gives 8192 addresses to the pods of a zone; every pod has an address of the VPC.
    """
    if not 1 <= zones <= MOST_ZONES:
        raise ValueError(f"zones: 1 to {MOST_ZONES}, not {zones}")
    eighths = list(cidr.subnets(prefixlen_diff=3))
    return Plan(
        private=tuple(eighths[:zones]),
        data=tuple(eighths[MOST_ZONES].subnets(prefixlen_diff=3))[:zones],
        public=tuple(eighths[MOST_ZONES + 1].subnets(prefixlen_diff=3))[:zones],
    )


@dataclass(frozen=True)
class Tier:
    """One subnet in each zone, with a route table for each."""

    subnets: tuple[aws.ec2.Subnet, ...]
    tables: tuple[aws.ec2.RouteTable, ...]
    ranges: tuple[IPv4Network, ...]

    @property
    def ids(self) -> list[pulumi.Output[str]]:
        """The subnets' ids."""
        return [subnet.id for subnet in self.subnets]


def make_tier(
    name: str,
    vpc_id: pulumi.Input[str],
    ranges: tuple[IPv4Network, ...],
    zones: pulumi.Output[list[str]],
    tags: Mapping[str, pulumi.Input[str]],
    child: pulumi.ResourceOptions,
) -> Tier:
    """A subnet and a route table for each range, the nth of them in the nth zone. No address is public."""
    subnets, tables = [], []
    for at, range_ in enumerate(ranges):
        label = f"{name}-{at}"
        subnet = aws.ec2.Subnet(
            label,
            vpc_id=vpc_id,
            cidr_block=str(range_),
            availability_zone=zones[at],
            map_public_ip_on_launch=False,
            tags={"Name": label, **tags},
            opts=child,
        )
        table = aws.ec2.RouteTable(label, vpc_id=vpc_id, tags={"Name": label}, opts=child)
        aws.ec2.RouteTableAssociation(label, subnet_id=subnet.id, route_table_id=table.id, opts=child)
        subnets.append(subnet)
        tables.append(table)
    return Tier(tuple(subnets), tuple(tables), ranges)
