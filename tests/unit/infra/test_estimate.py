"""The bill of a stack: what is counted, with which price, and what is refused."""

import json

import pytest

from bill import bill_of
from estimate import main
from price_table import PriceTable, Unpriced, price_table
from recording import values_of
from unit.infra.program import Resource, run_stack

TABLE = PriceTable.model_validate(
    {
        "region": "us-east-1",
        "hours_in_a_month": 730,
        "regions": {"us-east-1": 1.0, "eu-central-1": 1.5},
        "sources": {"here": {"what": "made up", "date": "2026-01-01"}},
        "spot": {"share": 0.25, "source": "here"},
        "prices": {
            "ec2.m8g.xlarge": {"hour": 1.0, "source": "here"},
            "ebs.gp3.gib": {"month": 0.1, "source": "here"},
            "eks.cluster": {"hour": 0.1, "source": "here", "everywhere": True},
            "rds.db.r8g.large": {"hour": 2.0, "source": "here"},
            "cloudwatch.metric": {"month": 0.5, "source": "here", "everywhere": True},
            "nat.gateway": {"hour": 0.5, "source": "here"},
            "nat.gib": {"month": 1.0, "source": "here"},
            "internet.gib": {"month": 1.0, "source": "here"},
            "endpoint.interface": {"hour": 0.1, "source": "here"},
        },
        "use": {"nat.gib": (10, 20), "internet.gib": (0, 5)},
        "free": ["aws:ec2/vpc:Vpc"],
    }
)


def planted(type_, name="planted", **inputs):
    return Resource(type_, name, inputs)


def group(capacity, least, most):
    return planted(
        "aws:eks/nodeGroup:NodeGroup",
        scalingConfig={"minSize": least, "maxSize": most},
        instanceTypes=["m8g.xlarge"],
        capacityType=capacity,
    )


def pool(capacity, cpu):
    requirements = {
        "node.kubernetes.io/instance-type": ["m8g.xlarge"],
        "karpenter.sh/capacity-type": [capacity],
    }
    spec = {
        "limits": {"cpu": cpu},
        "template": {"spec": {"requirements": [{"key": k, "values": v} for k, v in requirements.items()]}},
    }
    return planted("kubernetes:karpenter.sh/v1:NodePool", spec=spec)


def dollars(*resources, region="us-east-1"):
    return {
        line.quantity.key + (".spot" if line.quantity.spot else ""): (line.low, line.high)
        for line in bill_of(resources, TABLE, region)
    }


def test_a_group_costs_from_its_floor_to_its_ceiling():
    """So many nodes by the hour, and the disks of each by the month."""
    bill = dollars(group("ON_DEMAND", 2, 5))
    assert bill["ec2.m8g.xlarge"] == (2 * 730, 5 * 730)
    assert bill["ebs.gp3.gib"] == pytest.approx((2 * 64 * 0.1, 5 * 64 * 0.1))


def test_a_pool_costs_nothing_until_it_is_used():
    """Karpenter's limit is in CPUs: 40 of them are ten nodes of four."""
    assert dollars(pool("on-demand", "40"))["ec2.m8g.xlarge"] == (0, 10 * 730)


def test_spot_costs_its_share():
    """And is a line of its own beside what is on demand."""
    bill = dollars(pool("spot", "40"), group("ON_DEMAND", 1, 1), group("SPOT", 1, 1))
    assert bill["ec2.m8g.xlarge"] == (730, 730)
    assert bill["ec2.m8g.xlarge.spot"] == (1 * 730 * 0.25, 11 * 730 * 0.25)


def test_a_region_is_dearer_but_not_for_all():
    """The factor of the region, except where AWS has one price for the world."""
    database = planted("aws:rds/clusterInstance:ClusterInstance", instanceClass="db.r8g.large")
    bill = dollars(database, planted("aws:eks/cluster:Cluster"), region="eu-central-1")
    assert bill == {
        "rds.db.r8g.large": (2190, 2190),
        "eks.cluster": (73, 73),
        "cloudwatch.metric": (2.5, 2.5),
    }


def test_what_cloudwatch_is_asked_for_is_paid_for():
    """Each metric of each part: five of a server and one of its cluster, five of a broker and two."""
    storage = {"storageInfo": {"ebsStorageInfo": {"volumeSize": 1}}}
    parts = [
        planted("aws:rds/cluster:Cluster"),
        planted("aws:rds/clusterInstance:ClusterInstance", instanceClass="db.r8g.large"),
        planted(
            "aws:msk/cluster:Cluster",
            numberOfBrokerNodes=3,
            brokerNodeGroupInfo={"instanceType": "kafka.m7g.large", **storage},
        ),
        planted(
            "aws:elasticache/replicationGroup:ReplicationGroup",
            numCacheClusters=2,
            engine="valkey",
            nodeType="cache.r7g.large",
        ),
    ]
    [line] = [
        line
        for line in bill_of(parts, price_table(), "us-east-1")
        if line.quantity.key == "cloudwatch.metric"
    ]
    assert line.quantity.most == (5 + 1) + (3 * 5 + 2) + 2 * 3


def test_use_is_guessed_once():
    """Two NATs are two of them by the hour, and share the traffic of the stack."""
    nat = "aws:ec2/natGateway:NatGateway"
    assert dollars(planted(nat, "a"), planted(nat, "b")) == {
        "nat.gateway": (730, 730),
        "nat.gib": (10, 20),
        "internet.gib": (0, 5),
    }


def test_endpoints_are_paid_for_in_each_zone():
    """One that is an entry of a route table is free."""
    type_ = "aws:ec2/vpcEndpoint:VpcEndpoint"
    interface = planted(type_, vpcEndpointType="Interface", subnetIds=["a", "b", "c"])
    assert dollars(interface, planted(type_, vpcEndpointType="Gateway")) == {
        "endpoint.interface": pytest.approx((219, 219))
    }


@pytest.mark.parametrize(
    ("resource", "region", "message"),
    [
        (planted("aws:ec2/vpc:Vpc"), "us-east-1", None),
        (planted("aws:redshift/cluster:Cluster"), "us-east-1", r"aws:redshift/cluster:Cluster \(planted\)"),
        (
            planted("aws:rds/clusterInstance:ClusterInstance", instanceClass="db.x2g.large"),
            "us-east-1",
            r"rds\.db\.x2g\.large",
        ),
        (planted("aws:eks/cluster:Cluster"), "ap-south-1", "region ap-south-1"),
    ],
)
def test_what_has_no_price_is_named(resource, region, message):
    """A resource, a size or a region that the table does not know ends the estimate; a free one does not."""
    if message is None:
        assert bill_of([resource], TABLE, region) == []
        return
    with pytest.raises(Unpriced, match=f"^no price: {message}; add it to prices.yaml$"):
        bill_of([resource], TABLE, region)


def claim(size, **spec):
    return {"spec": {"resources": {"requests": {"storage": size}}, **spec}}


def stateful(**spec):
    return planted("kubernetes:apps/v1:StatefulSet", metadata={"namespace": "tracing"}, spec=spec)


def of_prometheus(**spec):
    values = {
        "prometheus": {"prometheusSpec": {"storageSpec": {"volumeClaimTemplate": claim("50Gi")}, **spec}}
    }
    return planted("kubernetes:helm.sh/v3:Release", namespace="monitoring", values=values)


def elasticsearch(*node_sets):
    sets = [{"count": count, "volumeClaimTemplates": [claim(size)]} for count, size in node_sets]
    type_ = "kubernetes:elasticsearch.k8s.elastic.co/v1:Elasticsearch"
    return planted(type_, metadata={"namespace": "logs"}, spec={"nodeSets": sets})


@pytest.mark.parametrize(
    ("resource", "component", "gib"),
    [
        (planted("kubernetes:core/v1:PersistentVolumeClaim", **claim("8Gi")), "default", 8),
        (stateful(volumeClaimTemplates=[claim("20Gi")]), "tracing", 20),
        (stateful(replicas=3, volumeClaimTemplates=[claim("20Gi"), claim("1Ti")]), "tracing", 3 * 1044),
        (stateful(replicas=2, volumeClaimTemplates=[claim("1500Mi", storageClassName="gp3")]), "tracing", 4),
        (elasticsearch((3, "50Gi"), (2, "10G")), "logs", 3 * 50 + 2 * 10),
        (
            planted(
                "kubernetes:logstash.k8s.elastic.co/v1alpha1:Logstash",
                metadata={"namespace": "logs"},
                spec={"count": 2, "volumeClaimTemplates": [claim("1Gi")]},
            ),
            "logs",
            2,
        ),
        (of_prometheus(), "monitoring", 50),
        (of_prometheus(replicas=2), "monitoring", 100),
    ],
)
def test_a_volume_is_paid_for_in_each_pod(resource, component, gib):
    """Whole gibibytes of gp3, whoever asks for them: the size of a claim times the pods that have it."""
    [line] = bill_of([resource], TABLE, "us-east-1")
    assert (line.quantity.component, line.quantity.key) == (component, "ebs.gp3.gib")
    assert line.low == line.high == pytest.approx(gib * 0.1)


OF_A_POD = {"volumes": [{"name": "scratch", "ephemeral": {"volumeClaimTemplate": claim("9Gi")}}]}


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        (stateful(volumeClaimTemplates=[claim("many")]), r"spec\.volumeClaimTemplates\.0"),
        (
            stateful(volumeClaimTemplates=[claim("9Gi", storageClassName="io2")]),
            r"spec\.volumeClaimTemplates\.0",
        ),
        (
            planted("kubernetes:apps/v1:Deployment", spec={"template": {"spec": OF_A_POD}}),
            r"spec\.template\.spec\.volumes\.0\.ephemeral\.volumeClaimTemplate",
        ),
        (
            planted("kubernetes:helm.sh/v3:Release", values={"server": {"persistence": {"enabled": True}}}),
            r"values\.server\.persistence",
        ),
        (
            planted("kubernetes:postgresql.cnpg.io/v1:Cluster", spec={"storage": {"size": "20Gi"}}),
            r"spec\.storage",
        ),
        (
            planted("kubernetes:postgresql.cnpg.io/v1:Cluster", spec={"walStorage": {"size": "20Gi"}}),
            r"spec\.walStorage",
        ),
        (
            planted(
                "kubernetes:kafka.strimzi.io/v1:KafkaNodePool",
                spec={"storage": {"type": "jbod", "volumes": [{"type": "persistent-claim", "size": "9Gi"}]}},
            ),
            r"spec\.storage\.volumes\.0",
        ),
        (
            planted("kubernetes:x/v1:Strange", spec={"volumeClaimTemplates": [claim("9Gi")]}),
            r"spec\.volumeClaimTemplates\.0",
        ),
    ],
)
def test_a_volume_that_cannot_be_counted_is_named(resource, place):
    """Of a kind, a size or a class that nobody knows: with its place, and the estimate ends."""
    with pytest.raises(Unpriced, match=rf"^no price: volume {place} of {resource.type} \(planted\); add it"):
        bill_of([resource], TABLE, "us-east-1")


@pytest.mark.parametrize("node", [{"enabled": False, "size": "9Gi"}, {"volumeClaimTemplate": {}}, "9Gi"])
def test_what_claims_nothing_is_free(node):
    """A chart's persistence that is switched off, or a word that only looks like a claim."""
    values = {"server": {"persistence": node}}
    assert bill_of([planted("kubernetes:helm.sh/v3:Release", values=values)], TABLE, "us-east-1") == []


def test_production_pays_for_the_disks_of_its_logs_traces_and_metrics():
    """Three of 50 GiB and Logstash's two of 1, Jaeger's 20, Prometheus's 80 by its setting; by the month."""
    made = run_stack("aws-prod", observability='{"metrics_storage_gib": 80, "alerts": "slack"}')
    lines = bill_of(made.resources, price_table(), "us-east-1")
    disks = {each.quantity.component: each for each in lines if each.quantity.key == "ebs.gp3.gib"}
    sizes = {component: line.quantity.least for component, line in disks.items() if component != "nodes"}
    assert sizes == {"logs": 152, "tracing": 20, "monitoring": 80}
    assert disks["logs"].low == disks["logs"].high == pytest.approx(152 * 0.08)


@pytest.mark.parametrize("stack", ["aws-staging", "aws-prod"])
def test_each_stack_has_its_bill(stack, capsys):
    """The real program, the real table: every part of it is priced, low below high."""
    assert main([stack]) == 0
    printed = capsys.readouterr().out
    for component in ("cluster", "kafka", "network", "nodes", "postgres", "redis", "secrets", "all"):
        assert f"\n{component} " in printed
    lines = bill_of(run_stack(stack).resources, price_table(), "eu-central-1")
    assert all(0 <= line.low <= line.high for line in lines)
    assert sum(line.low for line in lines) < sum(line.high for line in lines)


def test_another_size_is_another_bill():
    """The figures follow the configuration: a fourth instance of PostgreSQL is a third more."""

    def of(instances):
        made = run_stack("aws-prod", stores=f'{{"postgres_instances": {instances}}}')
        lines = bill_of(made.resources, price_table(), "eu-central-1")
        return next(line.low for line in lines if line.quantity.key == "rds.db.r8g.large")

    assert of(4) == pytest.approx(of(3) * 4 / 3)


def with_both_stores(**stores):
    """Production with documents of a class that has a price, and the graph."""
    values, _ = values_of("aws-prod")
    of_aws = json.loads(values["seawall:aws"]) | {"documents_instance_class": "db.r5.large"}
    wanted = {"documents": True, "graph": True, **stores}
    made = run_stack("aws-prod", aws=json.dumps(of_aws), stores=json.dumps(wanted))
    lines = bill_of(made.resources, price_table(), "eu-central-1")
    return {(line.quantity.component, line.quantity.key): line for line in lines}


def test_documents_and_the_graph_have_their_bill():
    """The members by the hour, and the disk of the graph by its size."""
    bill = with_both_stores(documents_members=5, graph_storage_gib=30)
    assert bill["documents", "docdb.db.r5.large"].quantity.least == 5
    disk = bill["graph", "ebs.gp3.gib"]
    assert (disk.quantity.least, disk.quantity.most) == (30, 30)
    assert disk.low == pytest.approx(30 * price_table().monthly("ebs.gp3.gib", "eu-central-1"))


def test_a_stack_with_an_unpriced_part_is_refused():
    """The real program with a table that lacks one price: it is named."""
    table = price_table()
    prices = {key: price for key, price in table.prices.items() if key != "eks.cluster"}
    with pytest.raises(Unpriced, match=r"eks\.cluster"):
        bill_of(run_stack("aws-prod").resources, table.model_copy(update={"prices": prices}), "eu-central-1")


@pytest.mark.parametrize(
    ("switch", "value", "name"),
    [
        ("stores", '{"documents": true}', r"docdb\.db\.r8g\.large"),
        (
            "observability",
            '{"metrics": "amp", "alerts": "slack"}',
            r"aws:amp/workspace:Workspace \(seawall-aws-prod-metrics\)",
        ),
    ],
)
def test_a_switch_that_brings_an_unpriced_part_is_refused(switch, value, name):
    """The table has no price of these: the real program with the switch on is refused with the name."""
    made = run_stack("aws-prod", **{switch: value})
    with pytest.raises(Unpriced, match=name):
        bill_of(made.resources, price_table(), "eu-central-1")


def test_the_other_autoscaler_costs_the_same_to_its_ceiling():
    """The same groups, managed in the place of pools: the same nodes from the floor to the ceiling."""

    def nodes(by):
        made = run_stack("aws-prod", scaling=f'{{"nodes": "{by}"}}')
        lines = bill_of(made.resources, price_table(), "eu-central-1")
        return {
            (line.quantity.key, line.quantity.spot): (line.low, line.high)
            for line in lines
            if line.quantity.key.startswith("ec2.")
        }

    assert nodes("cluster-autoscaler") == nodes("karpenter")


@pytest.mark.parametrize("stack", ["kind", "nowhere"])
def test_only_stacks_on_aws_have_a_bill(stack):
    """Another name is refused by the command line."""
    with pytest.raises(SystemExit):
        main([stack])
