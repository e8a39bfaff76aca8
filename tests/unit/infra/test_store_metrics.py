"""What stores tell of themselves: who may read it, what is asked for, and where it comes from."""

import json
import re
from pathlib import Path

import pytest
import yaml

import recording
from components.aws.cloud_watch import ASKED
from components.aws.postgres_aurora import max_connections
from unit.infra.program import IS_SECRET, SECRET_MARK, run_stack

MEASURED = yaml.safe_load((Path(recording.__file__).parent / "measured.yaml").read_text())["stores"]


@pytest.fixture(scope="module")
def kind():
    return run_stack("kind")


@pytest.fixture(scope="module")
def production():
    return run_stack("aws-prod")


def snake(text):
    """As the exporter does it, pkg/promutil/migrate.go: a word ends before a capital after a small letter."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()


def told_as(namespace, metric, statistic):
    """The name that Prometheus gets: what the metric's name repeats of its namespace is left out."""
    space = namespace.lower().replace("/", "_")
    name = snake(metric)
    for part in space.split("_"):
        name = name.removeprefix(part)
    return f"{space}_{name.removeprefix('_')}_{snake(statistic)}"


def test_cloudwatch_is_asked_for_what_is_read_and_nothing_else():
    """By the dimensions that queries name; each metric costs, each minute."""
    asked = {
        told_as(each.namespace, metric, statistic): {
            f"dimension_{dimension.replace(' ', '_')}" for dimension in each.dimensions
        }
        for each in ASKED
        for metric, statistic in each.metrics.items()
    }
    assert asked == {name: set(about["labels"]) for name, about in MEASURED["aws"]["cloudwatch"].items()}


def test_the_exporter_finds_the_stores_of_its_stack_alone(production):
    """By tags that the provider puts on everything."""
    config = yaml.safe_load(values_of(production)["config"])
    tags = production.one("pulumi:providers:aws").inputs["defaultTags"]
    tags = (json.loads(tags) if isinstance(tags, str) else tags)["tags"]
    for job in config["discovery"]["jobs"]:
        assert {each["key"]: each["value"] for each in job["searchTags"]} == {
            key: f"^{value}$" for key, value in tags.items()
        }


def test_it_asks_once_a_minute(production):
    """Its own interval, Prometheus's, and the period that CloudWatch sums over are the same."""
    values = values_of(production)
    assert (values["extraArgs"]["scraping-interval"], values["serviceMonitor"]["interval"]) == (60, "60s")
    assert {job["period"] for job in yaml.safe_load(values["config"])["discovery"]["jobs"]} == {60}


def test_it_may_read_metrics_and_nothing_else(production):
    """By the account that the chart gives to its pod."""
    [policy] = [p for p in production.of("iam/rolePolicy:RolePolicy") if p.name.endswith("-cloudwatch")]
    [statement] = json.loads(policy.inputs["policy"])["Statement"]
    assert set(statement["Action"]) == {
        "cloudwatch:GetMetricData",
        "cloudwatch:ListMetrics",
        "tag:GetResources",
    }
    [bound] = [
        each
        for each in production.of("eks/podIdentityAssociation:PodIdentityAssociation")
        if each.name.endswith("-cloudwatch")
    ]
    assert bound.inputs["serviceAccount"] == values_of(production)["serviceAccount"]["name"]
    assert bound.inputs["namespace"] == "monitoring"


def values_of(stack):
    return stack.one("Release", "prometheus-yet-another-cloudwatch-exporter").inputs["values"]


@pytest.mark.parametrize(
    ("instance_class", "connections"),
    [("db.r8g.large", 1802), ("db.r8g.xlarge", 3604), ("db.r8g.4xlarge", 5000), ("db.t4g.medium", 450)],
)
def test_connections_go_by_the_memory_of_a_server(instance_class, connections):
    """Aurora's own default: a connection for each 9,531,392 bytes, and 5,000 at most."""
    assert max_connections(instance_class) == connections


@pytest.mark.parametrize("instance_class", ["db.serverless", "db.r8g", "r8g.large", "large"])
def test_a_class_that_tells_no_memory_is_refused(instance_class):
    """In a line that names the setting."""
    with pytest.raises(ValueError, match=f"aws.postgres_instance_class: {instance_class}"):
        max_connections(instance_class)


@pytest.mark.parametrize(
    ("store", "port"), [("postgres", "metrics"), ("kafka", "tcp-prometheus"), ("valkey", "metrics")]
)
def test_a_store_is_read_where_its_policy_lets_prometheus_in(kind, store, port):
    """The same pods, in the same namespace."""
    monitor, policy = kind.one("PodMonitor", store).inputs, kind.one("NetworkPolicy", store).inputs
    assert monitor["metadata"]["namespace"] == policy["metadata"]["namespace"] == "stores"
    assert monitor["spec"]["selector"] == policy["spec"]["podSelector"]
    assert [each["port"] for each in monitor["spec"]["podMetricsEndpoints"]] == [port]


def test_kafka_is_told_by_rules_that_are_there(kind):
    """The ConfigMap that its resource names has the file."""
    named = kind.one("Kafka").inputs["spec"]["kafka"]["metricsConfig"]["valueFrom"]["configMapKeyRef"]
    rules = yaml.safe_load(kind.one("ConfigMap", named["name"]).inputs["data"][named["key"]])
    assert len(rules["rules"]) == 4


def test_the_exporter_of_valkey_reads_its_password_from_a_file(kind):
    """Which the server's own container does not see, nor does it see the server's."""
    pod = kind.one("StatefulSet", "valkey").inputs["spec"]["template"]["spec"]
    server, exporter = pod["containers"]
    secret = kind.one("Secret", "valkey").inputs["stringData"]
    assert secret[SECRET_MARK] == IS_SECRET
    [(address, password)] = json.loads(secret["value"]["exporter.json"]).items()
    assert secret["value"]["valkey.conf"].endswith(f"requirepass {password}\n")
    told = {each["name"]: each["value"] for each in exporter["env"]}
    assert told["REDIS_ADDR"] == address
    keys = {
        each["name"]: [i["key"] for i in each["secret"]["items"]]
        for each in pod["volumes"]
        if "secret" in each
    }
    [mount] = exporter["volumeMounts"]
    assert told["REDIS_PASSWORD_FILE"] == f"{mount['mountPath']}/{keys[mount['name']][0]}"
    assert not {mount["name"]} & {each["name"] for each in server["volumeMounts"]}
