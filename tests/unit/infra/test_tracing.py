"""Traces: every service knows where they go, and the way there is open, and no other."""

import json

import pytest
import yaml

from unit.infra.program import run_stack


@pytest.fixture(scope="module", params=["jaeger", "zipkin"])
def store(request):
    return request.param


@pytest.fixture(scope="module")
def stack(store):
    traces = {"traces": store, "trace_sample_ratio": 0.05, "alerts": "slack"}
    return run_stack("aws-prod", observability=json.dumps(traces))


def collector(stack):
    return yaml.safe_load(stack.one("ConfigMap", "collector").inputs["data"]["config.yaml"])


def test_every_service_is_told_where_its_traces_go(stack):
    """And how many it is to send."""
    for each in stack.of("ConfigMap"):
        if each.inputs["metadata"]["namespace"] == "shop":
            assert each.inputs["data"]["SEAWALL_OTLP_ENDPOINT"] == "http://collector.tracing.svc:4318"
            assert each.inputs["data"]["SEAWALL_TRACE_SAMPLE_RATIO"] == "0.05"


def test_every_service_may_go_there(stack):
    """By its network policy; and the collector lets the shop in."""
    for each in stack.of("NetworkPolicy"):
        if each.inputs["metadata"]["namespace"] == "shop" and each.inputs["spec"].get("egress"):
            assert 4318 in {port["port"] for rule in each.inputs["spec"]["egress"] for port in rule["ports"]}
    [way_in] = stack.one("NetworkPolicy", "collector").inputs["spec"]["ingress"]
    [peer] = way_in["from"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "shop"}


def test_the_collector_sends_to_the_store_of_the_switch(stack, store):
    """To the port that the store's Service has."""
    configuration = collector(stack)
    [exporter] = configuration["service"]["pipelines"]["traces"]["exporters"]
    endpoint = configuration["exporters"][exporter]["endpoint"]
    ports = {each["port"] for each in stack.one("Service", store).inputs["spec"]["ports"]}
    assert store in endpoint
    assert any(f":{int(port)}" in endpoint for port in ports)
    assert exporter == {"jaeger": "otlp", "zipkin": "zipkin"}[store]


def test_the_collector_gives_up_traces_before_memory(stack):
    """The limiter is the first of its processors."""
    configuration = collector(stack)
    assert configuration["service"]["pipelines"]["traces"]["processors"][0] == "memory_limiter"


def test_what_the_store_keeps_outlives_its_pod(stack, store):
    """It has a disk."""
    spec = stack.one("StatefulSet", store).inputs["spec"]
    assert spec["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"]
