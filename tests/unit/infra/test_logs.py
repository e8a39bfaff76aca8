"""Logs: what the shop prints is kept for some days, and only that; by the switch, here or by AWS."""

import json

import pytest

from unit.infra.program import run_stack

ECK = {"Elasticsearch": "elasticsearch", "Kibana": "kibana", "Logstash": "logstash"}


@pytest.fixture(scope="module")
def stack():
    logs = {"logs": "eck", "logs_nodes": 3, "logs_days": 7}
    return run_stack("aws-prod", observability=json.dumps(logs | {"alerts": "slack"}))


@pytest.fixture(scope="module")
def managed():
    return run_stack("aws-prod", observability='{"alerts": "slack", "logs": "opensearch"}')


def spec(stack, kind):
    return stack.one(kind).inputs["spec"]


def template(stack, kind):
    found = spec(stack, kind)
    return (found["nodeSets"][0] if kind == "Elasticsearch" else found)["podTemplate"]["spec"]


def shipper(stack):
    return spec(stack, "Beat")["daemonSet"]["podTemplate"]["spec"]


def test_only_the_shops_containers_are_read(stack):
    """By the names that kubelets give to their files; and no other folder of the node is seen."""
    [read] = spec(stack, "Beat")["config"]["filebeat.inputs"]
    assert read["paths"] == ["/var/log/containers/*_shop_*.log"]
    assert {volume["hostPath"]["path"] for volume in shipper(stack)["volumes"]} == {
        "/var/log/containers",
        "/var/log/pods",
    }
    assert all(mount["readOnly"] for mount in shipper(stack)["containers"][0]["volumeMounts"])


def test_the_way_to_logstash_is_open(stack):
    """From the shippers alone, at the port of the Service that ECK makes of `beats`."""
    [port] = [
        each["port"]
        for service in spec(stack, "Logstash")["services"]
        for each in service["service"]["spec"]["ports"]
    ]
    name = stack.one("Logstash").manifest_name
    assert spec(stack, "Beat")["config"]["output.logstash"]["hosts"] == [f"{name}-ls-beats.logs.svc:{port:g}"]
    assert f"beats {{ port => {port:g} }}" in spec(stack, "Logstash")["pipelines"][0]["config.string"]
    [way_in] = [
        rule
        for rule in stack.one("NetworkPolicy", "logs").inputs["spec"]["ingress"]
        for each in rule.get("ports", [])
        if each["port"] == port
    ]
    [peer] = way_in["from"]
    where = stack.one("Beat").inputs["metadata"]["namespace"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": where}


def test_the_pod_that_reads_the_node_is_alone_in_its_namespace(stack):
    """Pods with its rights are let in there, and nowhere else."""
    levels = {
        each.manifest_name: each.inputs["metadata"]
        .get("labels", {})
        .get("pod-security.kubernetes.io/enforce")
        for each in stack.of("Namespace")
    }
    assert (levels["logs"], levels["log-shippers"], levels["shop"]) == (
        "baseline",
        "privileged",
        "restricted",
    )
    assert {
        each.inputs["kind"]
        for each in stack.resources
        if each.inputs.get("metadata", {}).get("namespace") == "log-shippers"
    } == {"Beat"}


@pytest.mark.parametrize(("kind", "container"), ECK.items())
def test_what_keeps_logs_is_bounded_and_has_no_token(stack, kind, container):
    """Its memory is what it asks for; its user is not root."""
    pod = template(stack, kind)
    [own] = [each for each in pod["containers"] if each["name"] == container]
    assert own["resources"]["requests"]["memory"] == own["resources"]["limits"]["memory"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True


def test_logs_are_forgotten_after_the_days_of_the_setting(stack):
    """Said to Elasticsearch before a line comes: a stream has the retention of the day when it is made."""
    job = stack.one("Job", "log-retention")
    [container] = job.inputs["spec"]["template"]["spec"]["containers"]
    told = {each["name"]: each["value"] for each in container["env"]}
    assert json.loads(told["TEMPLATE"])["template"]["lifecycle"] == {"data_retention": "7d"}
    assert json.loads(told["TEMPLATE"])["index_patterns"] == [told["STREAM"]]
    order = [each.inputs.get("kind") for each in stack.resources]
    names = [each.name for each in stack.resources]
    assert names.index("log-retention") < order.index("Logstash") < order.index("Beat")


def test_the_stream_is_the_one_that_logstash_writes(stack):
    """Or its retention would be that of another."""
    [container] = stack.one("Job", "log-retention").inputs["spec"]["template"]["spec"]["containers"]
    [stream] = [each["value"] for each in container["env"] if each["name"] == "STREAM"]
    kind, dataset, name = stream.split("-")
    pipeline = spec(stack, "Logstash")["pipelines"][0]["config.string"]
    for key, value in {"type": kind, "dataset": dataset, "namespace": name}.items():
        assert f'data_stream_{key} => "{value}"' in pipeline


def test_another_number_of_days_is_another_job():
    """A Job that has run runs no more."""
    names = {
        run_stack("kind", observability=json.dumps({"logs_days": days}))
        .one("Job", "log-retention")
        .manifest_name
        for days in (1, 2, 2)
    }
    assert len(names) == 2


def test_as_many_nodes_as_the_setting_says(stack):
    """Each with its disk."""
    [nodes] = spec(stack, "Elasticsearch")["nodeSets"]
    [disk] = nodes["volumeClaimTemplates"]
    assert nodes["count"] == 3
    assert disk["spec"]["resources"]["requests"]["storage"] == "50Gi"


def test_on_aws_they_go_to_the_domain_by_the_shippers_role(managed):
    """Signed: the account that the chart makes is the one that has the role. Nothing of ECK is there."""
    values = managed.one("Release", "fluent-bit").inputs["values"]
    [association] = [
        each.inputs
        for each in managed.of("eks/podIdentityAssociation:PodIdentityAssociation")
        if each.inputs["serviceAccount"] == values["serviceAccount"]["name"]
    ]
    assert association["namespace"] == managed.one("Release", "fluent-bit").inputs["namespace"]
    domain = managed.one("opensearch/domain:Domain")
    assert domain.name in values["config"]["outputs"]
    assert "AWS_Auth            On" in values["config"]["outputs"]
    assert "/var/log/containers/*_shop_*.log" in values["config"]["inputs"]
    assert not managed.of("Elasticsearch")


def test_without_logs_there_is_none_of_it():
    """Not even the namespaces."""
    made = run_stack("kind", observability='{"logs": "none"}')
    assert not {"logs", "log-shippers", "elastic-system"} & {
        each.manifest_name for each in made.of("Namespace")
    }
