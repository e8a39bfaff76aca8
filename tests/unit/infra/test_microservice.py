"""A service of the shop in Kubernetes, by what the real stacks ask for."""

import pytest

from unit.infra.program import run_stack

STACK = "aws-prod"
SERVICES = ("accounts", "catalog", "inventory", "orders", "payments", "storefront", "gateway")

PARTS = (
    "Deployment",
    "Service",
    "ServiceAccount",
    "ConfigMap",
    "PodDisruptionBudget",
    "NetworkPolicy",
    "PodMonitor",
    "ScaledObject",
)
NAME = "app.kubernetes.io/name"


@pytest.fixture(scope="module")
def stack():
    return run_stack(STACK)


def pod(stack, name):
    return stack.one("Deployment", name).inputs["spec"]["template"]["spec"]


def container(stack, name):
    [only] = pod(stack, name)["containers"]
    return only


@pytest.mark.parametrize("kind", PARTS)
def test_each_service_has_its_parts(stack, kind):
    """None of a service's parts is missing."""
    assert set(SERVICES) <= {resource.manifest_name for resource in stack.of(kind)}


def test_the_simulator_is_not_in_production(stack):
    """Who plays the payment provider charges nobody."""
    assert "psp-simulator" not in {resource.manifest_name for resource in stack.of("Deployment")}


@pytest.mark.parametrize("name", SERVICES)
def test_pods_are_of_the_restricted_standard(stack, name):
    """No root, no token, no capability, nothing writable but scratch space with a limit."""
    spec, own = pod(stack, name), container(stack, name)["securityContext"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsUser"] >= 10_000
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert (own["readOnlyRootFilesystem"], own["allowPrivilegeEscalation"]) == (True, False)
    assert own["capabilities"] == {"drop": ["ALL"]}
    scratch = next(volume for volume in spec["volumes"] if volume["name"] == "scratch")
    assert scratch["emptyDir"]["sizeLimit"]


@pytest.mark.parametrize("name", SERVICES)
def test_memory_has_a_limit_and_cpu_has_none(stack, name):
    """Memory is what was asked for; a limit of CPU would throttle in the moment that counts."""
    resources = container(stack, name)["resources"]
    assert resources["limits"] == {"memory": resources["requests"]["memory"]}
    assert resources["requests"]["cpu"]


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_by_digest(stack, name):
    """In production no tag is trusted."""
    assert "@sha256:" in container(stack, name)["image"]


def test_liveness_depends_on_nothing(stack):
    """A store that is away makes a pod unready, never killed; a start has a minute."""
    orders = container(stack, "orders")
    assert orders["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert orders["readinessProbe"]["httpGet"]["path"] == "/readyz"
    startup = orders["startupProbe"]
    assert startup["failureThreshold"] * startup["periodSeconds"] == 60


def test_a_pod_serves_until_others_know_that_it_ends(stack):
    """It sleeps first, within the time that it has."""
    sleep = container(stack, "orders")["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert 10 <= sleep < pod(stack, "orders")["terminationGracePeriodSeconds"]


def test_an_update_takes_no_pod_away_first(stack):
    """And how many there are is the autoscaler's to say."""
    spec = stack.one("Deployment", "orders").inputs["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": 0}
    assert "replicas" not in spec
    budget = stack.one("PodDisruptionBudget", "orders").inputs["spec"]
    assert (budget["maxUnavailable"], budget["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")


def test_pods_are_spread_over_zones_and_hosts(stack):
    """By revision: an update spreads, too."""
    spread = pod(stack, "orders")["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == [
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    ]
    assert all(each["matchLabelKeys"] == ["pod-template-hash"] for each in spread)


def test_a_service_is_scaled_by_what_it_does(stack):
    """CPU, memory, requests at 70 % of the knee, and the lag of what it consumes; up at once, down slowly."""
    spec = stack.one("ScaledObject", "orders").inputs["spec"]
    daily = [trigger for trigger in spec["triggers"] if trigger["type"] != "cron"]
    assert [each["type"] for each in daily] == ["cpu", "memory", "prometheus", "prometheus", "prometheus"]
    requests, *lags = (trigger["metadata"] for trigger in daily[2:])
    assert requests["threshold"] == str(400 * 70 // 100)
    assert ['group="orders.replies"' in lag["query"] for lag in lags] == [True, False]
    behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert {policy["value"] for policy in behavior["scaleUp"]["policies"]} == {100, 8}
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] == 300
    assert spec["minReplicaCount"] == 3


def requests_of(stack, name):
    """The query by which KEDA asks how many requests there are."""
    triggers = stack.one("ScaledObject", name).inputs["spec"]["triggers"]
    [asked] = [each["metadata"]["query"] for each in triggers if "rate(" in each["metadata"].get("query", "")]
    return asked


def test_the_gateway_is_scaled_by_who_comes_through_its_door(stack):
    """Envoy counts them; its control plane answers probes alone."""
    assert requests_of(stack, "gateway") == (
        'sum(rate(envoy_http_downstream_rq_xx{namespace="shop",app_kubernetes_io_name="gateway",'
        'envoy_http_conn_manager_prefix="public"}[1m]))'
    )
    assert requests_of(stack, "catalog").startswith("sum(rate(seawall_http_requests_total{")


@pytest.fixture(scope="module")
def beside_the_adapter():
    """Autoscalers that are HPAs themselves."""
    scaling = '{"pods": "prometheus-adapter", "min_replicas": 2, "max_replicas": 9}'
    return run_stack("aws-staging", scaling=scaling)


def test_the_other_autoscaler_by_switch(beside_the_adapter):
    """With prometheus-adapter it is an HPA with the same metrics."""
    spec = beside_the_adapter.one("HorizontalPodAutoscaler", "orders").inputs["spec"]
    kinds = ["Resource", "Resource", "Pods", "External", "External"]
    assert [metric["type"] for metric in spec["metrics"]] == kinds
    groups = [each["external"]["metric"]["selector"]["matchLabels"] for each in spec["metrics"][3:]]
    assert groups == [{"group": "orders.replies"}, {"group": "orders.sales"}]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 9)


def test_the_adapter_tells_what_autoscalers_ask_for(beside_the_adapter):
    """By its rules: a name that none gives would never have a figure."""
    rules = beside_the_adapter.one("Release", "prometheus-adapter").inputs["values"]["rules"]
    told = {rule["name"]["as"] for rule in rules["custom"]}
    told |= {rule["seriesQuery"].partition("{")[0] for rule in rules["external"]}
    sources = [
        metric.get("pods") or metric.get("external")
        for each in beside_the_adapter.of("HorizontalPodAutoscaler")
        for metric in each.inputs["spec"]["metrics"]
    ]
    assert {source["metric"]["name"] for source in sources if source} == told


def test_only_callers_get_in(stack):
    """inventory is called by orders and the gateway, and looked at by the scraper; by nobody else."""
    spec = stack.one("NetworkPolicy", "inventory").inputs["spec"]
    peers = [peer for rule in spec["ingress"] for peer in rule["from"]]
    pods = {
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
        for peer in peers
        if "podSelector" in peer
    }
    assert pods == {"orders", "gateway"}
    assert [peer for peer in peers if "namespaceSelector" in peer and "podSelector" not in peer] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    ]


def test_only_payments_reaches_the_internet(stack):
    """Its provider, by TLS; nobody else has a way out."""
    open_to_all = {
        policy.manifest_name
        for policy in stack.of("NetworkPolicy")
        for rule in policy.inputs["spec"].get("egress", [])
        for peer in rule.get("to", [])
        if peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0"
    }
    assert open_to_all == {"payments"}


def test_secrets_are_files_and_never_values(stack):
    """The ConfigMap names where they are."""
    data = stack.one("ConfigMap", "accounts").inputs["data"]
    assert data["SEAWALL_SIGNING_KEY_FILE"] == "/run/secrets/seawall/signing_key"
    assert not any(name in data for name in ("SEAWALL_SIGNING_KEY", "SEAWALL_DATABASE_URL"))


def test_the_schema_is_expanded_by_a_job_of_the_release(stack):
    """With the service's own image, by pods that serve nobody; the service itself does not migrate."""
    [job] = [job for job in stack.of("Job") if job.manifest_name.startswith("orders-expand-")]
    template = job.inputs["spec"]["template"]
    [only] = template["spec"]["containers"]
    assert (only["args"], only["image"]) == (["migrate"], container(stack, "orders")["image"])
    serving = stack.one("Service", "orders").inputs["spec"]["selector"]
    assert not serving.items() <= template["metadata"]["labels"].items()
    assert stack.one("ConfigMap", "orders").inputs["data"]["SEAWALL_MIGRATE_ON_START"] == "false"


def test_a_schema_is_contracted_only_where_it_is_asked_for(stack):
    """By configuration, service by service, after the Deployment."""
    assert not [job for job in stack.of("Job") if "-contract-" in job.manifest_name]
    asked = run_stack(STACK, contract_migrations='["orders"]')
    [job] = [job for job in asked.of("Job") if "-contract-" in job.manifest_name]
    assert job.inputs["spec"]["template"]["spec"]["containers"][0]["args"] == ["migrate", "--contract"]


def test_what_a_service_is_told_replaces_its_pods(stack):
    """Pods carry a sum of their configuration."""
    template = stack.one("Deployment", "orders").inputs["spec"]["template"]
    other = run_stack(STACK, provider_url="https://other.example")
    changed = [
        other.one("Deployment", name).inputs["spec"]["template"]["metadata"]["annotations"]
        != stack.one("Deployment", name).inputs["spec"]["template"]["metadata"]["annotations"]
        for name in ("orders", "payments")
    ]
    assert template["metadata"]["annotations"]
    assert changed == [False, True]


def test_the_gateway_is_the_only_door(stack):
    """One Service is reached from outside."""
    outside = [
        each.manifest_name
        for each in stack.of("Service")
        if each.inputs["spec"].get("type") == "LoadBalancer"
    ]
    assert outside == ["gateway-public"]
