"""The mesh: mTLS between all pods of the shop, and nobody calls whom he is not named to call."""

import pytest

from unit.infra.program import STACKS, run_stack
from workloads import workloads_of

SHOP = "cluster.local/ns/shop/sa/"


@pytest.fixture(scope="module", params=STACKS)
def stack(request):
    return run_stack(request.param)


@pytest.fixture(scope="module")
def production():
    return run_stack("aws-prod")


def principals(stack, service):
    """Who is let in to each port, by name; "anybody" where nobody is named."""
    allowed: dict[int | str, set[str]] = {}
    for rule in stack.one("AuthorizationPolicy", service).inputs["spec"]["rules"]:
        named = rule["from"][0]["source"]["principals"] if "from" in rule else ["anybody"]
        for port in rule["to"][0]["operation"]["ports"]:
            allowed.setdefault(port, set()).update(named)
    return allowed


def test_the_namespaces_are_in_the_mesh(stack):
    """The shop's, and that of Prometheus, which has to prove who it is as well."""
    labels = {each.manifest_name: each.inputs["metadata"].get("labels", {}) for each in stack.of("Namespace")}
    for name in ("shop", "monitoring"):
        assert labels[name]["istio.io/dataplane-mode"] == "ambient"


def test_mtls_is_strict_but_for_the_public_port(stack):
    """A load balancer has no certificate of the mesh."""
    modes = {each.manifest_name: each.inputs["spec"] for each in stack.of("PeerAuthentication")}
    assert set(modes) == {"strict", "gateway"}
    assert {spec["mtls"]["mode"] for spec in modes.values()} == {"STRICT"}
    [target] = [each["targetPort"] for each in stack.one("Service", "gateway-public").inputs["spec"]["ports"]]
    public = {"public": "8000", "tls": "8443"}[target]
    assert modes["gateway"]["portLevelMtls"] == {public: {"mode": "PERMISSIVE"}}


def test_what_no_policy_names_is_refused(stack):
    """The namespace has a policy that allows nothing."""
    assert stack.one("AuthorizationPolicy", "nobody").inputs["spec"] == {}


def test_callers_are_those_of_the_workloads(production):
    """The one list from which network policies are made, too."""
    workloads = workloads_of(production=True)
    for workload in workloads:
        callers = {each.dns_name for each in workloads if workload.name in each.calls}
        callers |= {"gateway"} if workload.routed else set()
        allowed = principals(production, workload.dns_name)
        scraper = {"cluster.local/ns/monitoring/*"}
        assert allowed["8080"] == {SHOP + caller for caller in callers} | scraper
    assert principals(production, "inventory")["9090"] == {SHOP + "orders", SHOP + "gateway"}


def test_the_gateway_is_open_at_one_port_alone(production):
    """The others are for the storefront and the scraper."""
    allowed = principals(production, "gateway")
    assert [port for port, who in allowed.items() if "anybody" in who] == ["8000"]


def test_each_policy_is_of_the_pods_that_serve(stack):
    """Its selector is the Deployment's."""
    for each in stack.of("Deployment"):
        if each.inputs["metadata"]["namespace"] == "shop":
            policy = stack.one("AuthorizationPolicy", each.manifest_name).inputs["spec"]
            assert policy["selector"] == each.inputs["spec"]["selector"]


def test_a_stack_may_do_without():
    """Then no namespace is labelled, and no policy is there."""
    stack = run_stack("kind", mesh="none")
    assert stack.of("AuthorizationPolicy") == stack.of("PeerAuthentication") == []
    [shop] = [each for each in stack.of("Namespace") if each.manifest_name == "shop"]
    assert "istio.io/dataplane-mode" not in shop.inputs["metadata"]["labels"]
