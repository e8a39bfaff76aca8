"""What brings nodes: by Karpenter or by the cluster-autoscaler, and with which rights."""

import json

import pytest

from components.aws.node_pool import vcpus
from components.aws.node_scaling import NodeScaling
from settings import Aws
from unit.infra.aws_parts import KEY, NAME, aws_settings, cluster_of, network_of, statements_of
from unit.infra.program import Recorder, run
from versions import BOTTLEROCKET, CLUSTER_AUTOSCALER, EKS, KARPENTER

SALE = {
    "name": "friday",
    "opens_at": "2026-11-27T09:00:00+01:00",
    "lasts": "PT3H",
    "ahead": "PT45M",
    "replicas": {},
}


def scaled(by: str, **changes: object) -> Recorder:
    settings = aws_settings(scaling={"nodes": by}, **changes)

    def program() -> None:
        network = network_of()
        assert isinstance(settings.aws, Aws)
        NodeScaling(NAME, settings, settings.aws, cluster=cluster_of(network), network=network, key_arn=KEY)

    return run(program)


def pools(made: Recorder) -> dict[str, dict]:
    return {each.name: each.inputs["spec"] for each in made.of("karpenter.sh/v1:NodePool")}


def test_the_autoscaler_of_the_setting_is_installed_and_no_other():
    """Two autoscalers would undo each other's work."""
    charts = {
        by: [each.inputs["name"] for each in scaled(by).of("Release")]
        for by in ("karpenter", "cluster-autoscaler")
    }
    assert charts == {"karpenter": ["karpenter"], "cluster-autoscaler": ["cluster-autoscaler"]}


def test_karpenter_stands_on_nodes_that_it_does_not_make():
    """The managed group is on-demand, fixed at its floor; what is beyond has a pool, up to the ceiling."""
    made = scaled("karpenter")
    group = made.one("eks/nodeGroup:NodeGroup").inputs
    assert group["capacityType"] == "ON_DEMAND"
    assert group["scalingConfig"] == {"minSize": 3, "desiredSize": 3, "maxSize": 3}
    assert {name: spec["limits"] for name, spec in pools(made).items()} == {
        "core": {"cpu": str((9 - 3) * 4)},
        "burst": {"cpu": str(10 * 8)},
    }
    assert pools(made)["burst"]["weight"] > pools(made)["core"]["weight"]


def test_karpenter_makes_nodes_as_locked_as_the_managed_ones():
    """IMDSv2 over one hop, encrypted volumes, a pinned image, the subnets and group of the tag."""
    spec = scaled("karpenter").one("karpenter.k8s.aws/v1:EC2NodeClass").inputs["spec"]
    assert spec["metadataOptions"]["httpTokens"] == "required"
    assert spec["metadataOptions"]["httpPutResponseHopLimit"] == 1
    assert [v["ebs"]["encrypted"] and v["ebs"]["kmsKeyID"] for v in spec["blockDeviceMappings"]] == 2 * [KEY]
    assert spec["amiSelectorTerms"] == [{"alias": f"bottlerocket@v{BOTTLEROCKET}"}]
    assert spec["subnetSelectorTerms"] == [{"tags": {"karpenter.sh/discovery": NAME}}]


def test_no_node_is_saved_during_a_sale():
    """From before the opening to the end no node is consolidated away; the schedule is in UTC."""
    budgets = pools(scaled("karpenter", sales=[SALE]))["burst"]["disruption"]["budgets"]
    assert budgets == [
        {"nodes": "10%"},
        {"nodes": "0", "schedule": "15 7 27 11 *", "duration": "225m"},
    ]


def test_notices_of_spot_reach_karpenter():
    """EventBridge writes each kind of notice to an encrypted queue, which the controller is told of."""
    made = scaled("karpenter")
    queue = made.one("sqs/queue:Queue")
    assert queue.inputs["sqsManagedSseEnabled"]
    assert len(made.of("cloudwatch/eventTarget:EventTarget")) == 4
    values = made.one("Release").inputs["values"]
    assert values["settings"] == {"clusterName": NAME, "interruptionQueue": queue.inputs["name"]}


def test_karpenter_ends_only_what_it_made():
    """Instances are made with the cluster's tag, and only such ones are ended."""
    ending = [s for s in statements_of(scaled("karpenter")) if "ec2:TerminateInstances" in s["Action"]]
    assert [s["Condition"]["StringEquals"] for s in ending] == [
        {f"aws:ResourceTag/kubernetes.io/cluster/{NAME}": "owned"}
    ]


def test_karpenter_encrypts_by_the_stacks_key_alone():
    """Its nodes' volumes need the key in its name; it uses it through EC2, and grants it to AWS alone."""
    using = [s for s in statements_of(scaled("karpenter")) if s["Action"][0].startswith("kms:")]
    assert [s["Resource"] for s in using] == [[KEY], [KEY]]
    assert [s["Condition"] for s in using] == [
        {"StringEquals": {"kms:ViaService": "ec2.eu-central-1.amazonaws.com"}},
        {"Bool": {"kms:GrantIsForAWSResource": "true"}},
    ]


def test_karpenter_passes_one_role():
    """It gives the nodes' role to EC2, and no other role to anything."""
    [passing] = [s for s in statements_of(scaled("karpenter")) if "iam:PassRole" in s["Action"]]
    assert passing["Resource"] == [f"arn:aws:iam:eu-central-1:111122223333:{NAME}-node"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}


def test_the_autoscaler_finds_groups_that_are_empty():
    """Each managed group says by a tag of its ASG what its nodes would be."""
    tags = scaled("cluster-autoscaler").of("autoscaling/tag:Tag")
    assert {t.inputs["autoscalingGroupName"]: t.inputs["tag"]["value"] for t in tags} == {
        f"eks-{NAME}-core": "on-demand",
        f"eks-{NAME}-burst": "spot",
    }


def test_the_autoscaler_moves_only_its_own_groups():
    """What changes a group needs the tag of this cluster on it."""
    [writing] = [
        s
        for s in statements_of(scaled("cluster-autoscaler"))
        if "autoscaling:SetDesiredCapacity" in s["Action"]
    ]
    assert writing["Condition"] == {
        "StringEquals": {f"autoscaling:ResourceTag/k8s.io/cluster-autoscaler/{NAME}": "owned"}
    }


def test_charts_are_pinned_and_the_autoscaler_is_of_the_cluster():
    """Chart versions are exact, and the autoscaler's minor version is the cluster's."""
    karpenter = scaled("karpenter").one("Release").inputs
    assert (karpenter["chart"], karpenter["version"]) == (
        "oci://public.ecr.aws/karpenter/karpenter",
        KARPENTER.version,
    )
    autoscaler = scaled("cluster-autoscaler").one("Release").inputs
    assert autoscaler["version"] == CLUSTER_AUTOSCALER.version
    assert autoscaler["values"]["image"]["tag"].startswith(f"v{EKS}.")


@pytest.mark.parametrize("type_", ["m8g.large", "m8g.xlarge", "m8g.12xlarge"])
def test_vcpus_are_told_by_the_size(type_):
    """AWS doubles from large on."""
    assert vcpus(type_) == {"m8g.large": 2, "m8g.xlarge": 4, "m8g.12xlarge": 48}[type_]


def test_a_size_without_vcpus_is_refused():
    """What cannot be counted is named."""
    with pytest.raises(ValueError, match=r"m8g\.metal-24xl"):
        vcpus("m8g.metal-24xl")


def test_rights_are_json_that_iam_reads():
    """Every statement has actions of one known form and a resource."""
    for statement in statements_of(scaled("karpenter")):
        assert statement["Resource"], json.dumps(statement)
        assert all(":" in action for action in statement["Action"])
