"""EKS: who reaches it, who may do what, and what its nodes give away."""

import json
from ipaddress import IPv4Network

import pytest

from components.aws.addons import ClusterAddons, NodeAddons
from components.aws.iam import Allow
from components.aws.kubeconfig import kubeconfig
from components.aws.node_group import NodeGroup
from components.aws.pod_identity import PodIdentity
from settings import NodeGroup as NodeGroupSettings
from unit.infra.aws_parts import ADMIN, cluster_of, network_of
from unit.infra.program import run
from versions import EKS, EKS_ADDONS

OFFICE = IPv4Network("192.0.2.0/24")


def cluster(**how):
    network = network_of()
    return cluster_of(network, **how), network


def made_cluster(**how):
    return run(lambda: cluster(**how)).one("eks/cluster:Cluster").inputs


def test_the_api_is_private():
    """Without a range that is allowed the API server has no public address."""
    reach = made_cluster()["vpcConfig"]
    assert reach["endpointPrivateAccess"]
    assert not reach["endpointPublicAccess"]
    assert "publicAccessCidrs" not in reach


def test_the_api_is_public_for_those_named_alone():
    """With ranges it is reached from them, and from nowhere else."""
    reach = made_cluster(api_allowed_cidrs=[OFFICE])["vpcConfig"]
    assert reach["endpointPublicAccess"]
    assert reach["publicAccessCidrs"] == ["192.0.2.0/24"]


def test_secrets_are_encrypted_and_all_is_logged():
    """Secrets are encrypted with the stack's key, and all five logs of the control plane are kept."""
    made = made_cluster()
    assert made["encryptionConfig"] == {"provider": {"keyArn": "arn:key"}, "resources": ["secrets"]}
    assert len(made["enabledClusterLogTypes"]) == 5
    assert made["version"] == EKS


def test_rights_come_by_access_entries_alone():
    """There is no aws-auth map, no right for who made the cluster, and all rights for the named roles."""
    made = run(cluster)
    config = made.one("eks/cluster:Cluster").inputs["accessConfig"]
    assert config == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    assert made.one("AccessEntry").inputs["principalArn"] == ADMIN
    assert made.one("AccessPolicyAssociation").inputs["policyArn"].endswith("AmazonEKSClusterAdminPolicy")


@pytest.mark.parametrize("production", [True, False])
def test_production_is_not_deleted_by_accident(production):
    """The cluster of production has deletion protection."""
    assert made_cluster(production=production)["deletionProtection"] is production


def test_a_kubeconfig_holds_no_secret():
    """It asks for a token of the caller's own role when it is used."""
    written: list[str] = []

    def program():
        kubeconfig(cluster()[0], "eu-central-1").apply(written.append)

    run(program)
    [user] = json.loads(written[0])["users"]
    assert set(user["user"]) == {"exec"}
    assert user["user"]["exec"]["args"][:4] == ["eks", "get-token", "--cluster-name", "seawall-test"]


def node_group(capacity="on-demand", types=("m8g.xlarge",)):
    settings = NodeGroupSettings(instance_types=list(types), capacity=capacity, min_nodes=3, max_nodes=9)

    def program():
        made, network = cluster()
        NodeGroup("core", settings, cluster=made, network=network, key_arn="arn:key", elastic=True)

    return run(program)


def test_nodes_give_their_metadata_to_no_pod():
    """IMDSv2 alone, over one hop: a pod's packet is one hop further away."""
    options = node_group().one("LaunchTemplate").inputs["metadataOptions"]
    assert options == {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}


def test_volumes_of_nodes_are_encrypted():
    """Both volumes are, with the stack's key."""
    volumes = [v["ebs"] for v in node_group().one("LaunchTemplate").inputs["blockDeviceMappings"]]
    assert [(v["encrypted"], v["kmsKeyId"]) for v in volumes] == 2 * [("true", "arn:key")]


@pytest.mark.parametrize(
    ("capacity", "types", "expected"),
    [
        ("on-demand", ["m8g.xlarge"], ("ON_DEMAND", "BOTTLEROCKET_ARM_64")),
        ("spot", ["m7i.large", "m6a.large"], ("SPOT", "BOTTLEROCKET_x86_64")),
    ],
)
def test_a_group_is_what_its_settings_say(capacity, types, expected):
    """Capacity and image follow from the settings."""
    group = node_group(capacity, types).one("eks/nodeGroup:NodeGroup").inputs
    assert (group["capacityType"], group["amiType"]) == expected
    assert group["scalingConfig"] == {"minSize": 3, "desiredSize": 3, "maxSize": 9}
    assert group["version"] == EKS


def test_add_ons_are_pinned():
    """Each add-on has its version, network policies are enforced, and roles come by pod identity."""

    def program():
        NodeAddons("seawall-test", cluster_name="c")
        ClusterAddons("seawall-test", cluster_name="c", key_arn="arn:key")

    addons = {each.name: each.inputs for each in run(program).of("eks/addon:Addon")}
    assert {name: each["addonVersion"] for name, each in addons.items()} == EKS_ADDONS
    assert json.loads(addons["vpc-cni"]["configurationValues"])["enableNetworkPolicy"] == "true"
    identities = {
        name: each["podIdentityAssociations"][0]["serviceAccount"]
        for name, each in addons.items()
        if "podIdentityAssociations" in each
    }
    assert identities == {"vpc-cni": "aws-node", "aws-ebs-csi-driver": "ebs-csi-controller-sa"}


def test_a_pod_identity_is_of_one_service_account():
    """Its role is taken by EKS for that account alone, and allows what was said and no more."""
    made = run(
        lambda: PodIdentity(
            "reader",
            Allow(["s3:GetObject"], ["arn:aws:s3:::bucket/*"]),
            cluster_name="c",
            namespace="shop",
            service_account="orders",
        )
    )
    association = made.one("PodIdentityAssociation").inputs
    assert (association["namespace"], association["serviceAccount"]) == ("shop", "orders")
    [trusted] = json.loads(made.one("iam/role:Role").inputs["assumeRolePolicy"])["Statement"]
    assert trusted["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    [allowed] = json.loads(made.one("RolePolicy").inputs["policy"])["Statement"]
    assert (allowed["Action"], allowed["Resource"]) == (["s3:GetObject"], ["arn:aws:s3:::bucket/*"])


def test_a_statement_never_allows_all():
    """Actions are named; a lone * is refused where it is written."""
    with pytest.raises(ValueError, match="actions: name them"):
        Allow(["*"], ["*"])
