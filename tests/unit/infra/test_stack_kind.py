"""The stack on kind: stores in the cluster, and the shop on them."""

from pathlib import Path

import pytest
import yaml

import recording
from components.public_service import KIND_NODE_PORT, KIND_TLS_NODE_PORT
from unit.infra.program import IS_SECRET, SECRET, SECRET_MARK, run_stack

OWNERS = {"accounts", "catalog", "inventory", "orders", "payments"}


@pytest.fixture(scope="module")
def stack():
    return run_stack("kind")


def data(secret):
    """What is in a Secret, which Pulumi's state holds encrypted only."""
    assert secret.inputs["stringData"][SECRET_MARK] == IS_SECRET
    return secret.inputs["stringData"]["value"]


def test_each_service_owns_a_database(stack):
    """With a role of its own; no two have the same password."""
    roles = stack.one("Cluster").inputs["spec"]["managed"]["roles"]
    assert {role["name"] for role in roles} == OWNERS
    databases = {each.inputs["spec"]["name"]: each.inputs["spec"]["owner"] for each in stack.of("Database")}
    assert databases == {name: name for name in OWNERS}
    secrets = [data(stack.one("Secret", role["passwordSecret"]["name"])) for role in roles]
    assert len({secret["password"] for secret in secrets}) == len(OWNERS)


def test_a_service_is_told_its_own_database(stack):
    """By a secret that it alone mounts, with the password of its role."""
    role = data(stack.one("Secret", "role-orders"))
    url = data(stack.one("Secret", "orders-postgres"))["database_url"]
    assert url == f"postgresql://orders:{role['password']}@postgres-rw.stores.svc:5432/orders"
    mounted = [
        each.manifest_name
        for each in stack.of("Deployment")
        for volume in each.inputs["spec"]["template"]["spec"].get("volumes", [])
        for source in volume.get("projected", {}).get("sources", [])
        if source["secret"]["name"] == "orders-postgres"
    ]
    assert mounted == ["orders"]


def test_no_password_is_the_secret_that_it_comes_from(stack):
    """Who reads one learns neither the signing key nor another one."""
    told = [value for each in stack.of("Secret") for value in data(each).values()]
    assert sum(SECRET in value for value in told) == len(("signing_key", "operator_password"))


def test_a_message_and_a_commit_survive_a_broker_and_a_server(stack):
    """Two of three brokers keep each message, a replica each commit."""
    config = stack.one("Kafka").inputs["spec"]["kafka"]["config"]
    assert (config["default.replication.factor"], config["min.insync.replicas"]) == (3, 2)
    assert stack.one("Cluster").inputs["spec"]["minSyncReplicas"] == 1


def test_one_of_each_loses_what_only_several_can_keep():
    """Sizes follow the settings: with one broker and one server nobody waits for a second."""
    stack = run_stack("kind", stores='{"kafka_brokers": 1, "postgres_instances": 1}')
    assert stack.one("Kafka").inputs["spec"]["kafka"]["config"]["min.insync.replicas"] == 1
    assert stack.one("Cluster").inputs["spec"]["minSyncReplicas"] == 0


@pytest.mark.parametrize(
    ("policy", "port", "metrics"), [("postgres", 5432, 9187), ("kafka", 9092, 9404), ("valkey", 6379, 9121)]
)
def test_a_store_lets_the_shop_and_prometheus_in_and_nobody_else(stack, policy, port, metrics):
    """Each at a port of its own; its pods reach each other."""
    own, *others = stack.one("NetworkPolicy", policy).inputs["spec"]["ingress"]
    assert own == {"from": [{"podSelector": {}}]}
    assert others == [
        {
            "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}],
            "ports": [{"protocol": "TCP", "port": number}],
        }
        for name, number in (("shop", port), ("monitoring", metrics))
    ]


def test_the_host_reaches_the_gateway(stack):
    """kind.yaml leads a port of the host to the Service's, over three zones."""
    nodes = yaml.safe_load((Path(recording.__file__).parent / "kind.yaml").read_text())["nodes"]
    led = [each["containerPort"] for each in nodes[0]["extraPortMappings"]]
    assert led == [KIND_NODE_PORT, KIND_TLS_NODE_PORT]
    assert len({node["labels"]["topology.kubernetes.io/zone"] for node in nodes}) == 3
    [port] = stack.one("Service", "gateway-public").inputs["spec"]["ports"]
    assert port["nodePort"] == KIND_TLS_NODE_PORT


def test_what_scales_the_shop_comes_before_it(stack):
    """The charts that bring the kinds of its autoscalers and monitors."""
    charts = {each.inputs["chart"].rpartition("/")[2] for each in stack.of("Release")}
    assert {
        "keda",
        "kube-prometheus-stack",
        "metrics-server",
        "strimzi-kafka-operator",
        "cloudnative-pg",
    } <= charts


@pytest.mark.parametrize("service", ["accounts", "gateway"])
def test_a_pod_knows_its_part_of_a_limit(stack, service):
    """Where limits are counted by each pod while Valkey is away: one of as many as there are at the least."""
    floor = stack.one("ScaledObject", service).inputs["spec"]["minReplicaCount"]
    assert stack.one("ConfigMap", service).inputs["data"]["SEAWALL_REPLICAS"] == f"{floor:g}"
