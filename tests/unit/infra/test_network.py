"""The VPC of a stack: its addresses, its ways out, and what it writes down."""

from ipaddress import IPv4Network

import pytest

from components.aws.network import EVERYWHERE
from components.aws.subnets import plan
from unit.infra.aws_parts import network_of
from unit.infra.program import run


def network(**changes):
    return run(lambda: network_of(**({"nat_per_zone": True} | changes)))


@pytest.mark.parametrize("zones", [1, 3, 6])
@pytest.mark.parametrize("prefix", [16, 20])
def test_ranges_do_not_overlap(prefix, zones):
    """All subnets of all zones lie within the VPC, and no two share an address."""
    cidr = IPv4Network(f"10.40.0.0/{prefix}")
    dealt = plan(cidr, zones)
    ranges = [*dealt.private, *dealt.public, *dealt.data]
    assert len(ranges) == 3 * zones
    assert all(each.subnet_of(cidr) for each in ranges)
    assert not [(a, b) for a in ranges for b in ranges if a is not b and a.overlaps(b)]


def test_too_many_zones_are_refused():
    """A seventh zone has no range."""
    with pytest.raises(ValueError, match="zones: 1 to 6, not 7"):
        plan(IPv4Network("10.40.0.0/16"), 7)


def test_each_tier_is_in_each_zone():
    """Every zone has one subnet of each tier, and none of them gives out public addresses."""
    subnets = network().of("ec2/subnet:Subnet")
    zones = sorted(subnet.inputs["availabilityZone"] for subnet in subnets)
    assert zones == sorted(3 * [f"eu-central-1{letter}" for letter in "abc"])
    assert not any(subnet.inputs["mapPublicIpOnLaunch"] for subnet in subnets)


def test_a_zone_leaves_by_its_own_nat():
    """With a NAT for each zone the loss of one zone cuts no other off."""
    made = network()
    ways = {
        route.inputs["routeTableId"]: route.inputs["natGatewayId"]
        for route in made.of("ec2/route:Route")
        if "natGatewayId" in route.inputs
    }
    assert ways == {f"seawall-test-private-{at}-id": f"seawall-test-{at}-id" for at in range(3)}
    nats = {nat.name: nat.inputs["subnetId"] for nat in made.of("ec2/natGateway:NatGateway")}
    assert nats == {f"seawall-test-{at}": f"seawall-test-public-{at}-id" for at in range(3)}


def test_one_nat_serves_all_where_it_may():
    """Outside of production one NAT is paid for, and all zones leave by it."""
    made = network(nat_per_zone=False)
    assert len(made.of("ec2/natGateway:NatGateway")) == 1
    assert {r.inputs["natGatewayId"] for r in made.of("ec2/route:Route") if "natGatewayId" in r.inputs} == {
        "seawall-test-0-id"
    }


def test_only_the_public_tier_leads_to_the_internet():
    """The internet gateway is reached from the public subnets alone, and the stores have no way out."""
    routes = network().of("ec2/route:Route")
    assert {route.inputs["destinationCidrBlock"] for route in routes} == {EVERYWHERE}
    by_gateway = [r.inputs["routeTableId"] for r in routes if "gatewayId" in r.inputs]
    assert sorted(by_gateway) == [f"seawall-test-public-{at}-id" for at in range(3)]
    assert not [r for r in routes if "-data-" in r.inputs["routeTableId"]]


def test_load_balancers_and_nodes_find_their_subnets():
    """Subnets carry the tags by which the load balancer controller and Karpenter look for them."""
    tags = {s.name: s.inputs["tags"] for s in network().of("ec2/subnet:Subnet")}
    assert tags["seawall-test-public-0"]["kubernetes.io/role/elb"] == "1"
    assert tags["seawall-test-private-0"]["kubernetes.io/role/internal-elb"] == "1"
    assert tags["seawall-test-private-0"]["karpenter.sh/discovery"] == "seawall-test"
    assert set(tags["seawall-test-data-0"]) == {"Name"}


def test_what_every_pod_needs_stays_inside():
    """Images, tokens and logs are reached by endpoints, over HTTPS and from the VPC alone."""
    made = network()
    endpoints = made.of("ec2/vpcEndpoint:VpcEndpoint")
    services = {each.inputs["serviceName"].removeprefix("com.amazonaws.eu-central-1.") for each in endpoints}
    assert services == {"s3", "ecr.api", "ecr.dkr", "sts", "logs"}
    [rule] = made.one("ec2/securityGroup:SecurityGroup").inputs["ingress"]
    assert (rule["fromPort"], rule["toPort"], rule["cidrBlocks"]) == (443, 443, ["10.40.0.0/16"])


def test_every_connection_is_written_down():
    """Flow logs keep accepted and refused traffic, encrypted, for as long as was said."""
    made = network(retention_days=400)
    assert made.one("ec2/flowLog:FlowLog").inputs["trafficType"] == "ALL"
    group = made.one("cloudwatch/logGroup:LogGroup").inputs
    assert (group["kmsKeyId"], group["retentionInDays"]) == ("arn:key", 400)


def test_the_default_security_group_lets_nothing_through():
    """The group that a forgetful resource falls into has no rule."""
    inputs = network().one("ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs
    assert not inputs.get("ingress")
    assert not inputs.get("egress")
