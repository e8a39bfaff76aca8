"""The mesh: mTLS between all pods of the shop, and nobody calls whom he is not named to call.

One contract, which every mesh that a stack may choose holds.
"""

import pytest

from settings import SettingsError
from unit.infra.meshes import ANYBODY, MESHES, stack_with
from unit.infra.program import STACKS, run_stack
from workloads import workloads_of

SCRAPER = "monitoring/*"


@pytest.fixture(scope="module", params=MESHES)
def mesh(request):
    return MESHES[request.param]


@pytest.fixture(params=STACKS)
def stack(mesh, request):
    return stack_with(mesh.name, request.param)


@pytest.fixture
def production(mesh):
    return stack_with(mesh.name, "aws-prod")


def services(stack):
    return [
        each.manifest_name
        for each in stack.of("Deployment")
        if each.inputs["metadata"]["namespace"] == "shop"
    ]


def ports_between(rules, ways):
    """The ports of each rule of a network policy whose other side is of the mesh."""
    in_mesh = [
        rule
        for rule in rules
        if all("ipBlock" not in peer for peer in rule[ways])
        and all(_namespace(peer) in {"", "monitoring"} for peer in rule[ways])
    ]
    return [{int(each["port"]) for each in rule["ports"]} for rule in in_mesh]


def _namespace(peer):
    labels = peer.get("namespaceSelector", {}).get("matchLabels", {})
    return labels.get("kubernetes.io/metadata.name", "")


def test_the_namespaces_are_in_the_mesh(mesh, stack):
    """The shop's, that of Prometheus, which has to prove who it is as well, and those of logs; no other."""
    assert mesh.members(stack) == {"shop", "monitoring", "logs", "log-shippers"}


def test_mtls_is_strict_but_for_the_public_port(mesh, stack):
    """A load balancer has no certificate of the mesh."""
    [target] = [each["targetPort"] for each in stack.one("Service", "gateway-public").inputs["spec"]["ports"]]
    assert mesh.without_mtls(stack) == {("gateway", {"public": 8000, "tls": 8443}[target])}


def test_what_no_policy_names_is_refused(mesh, stack):
    """In the whole namespace, whichever port it is."""
    assert mesh.refuses_the_unnamed(stack)


def test_callers_are_those_of_the_workloads(mesh, production):
    """The one list from which network policies are made, too."""
    workloads = workloads_of(production=True)
    for workload in workloads:
        callers = {each.dns_name for each in workloads if workload.name in each.calls}
        callers |= {"gateway"} if workload.routed else set()
        allowed = mesh.allowed(production, workload.dns_name)
        assert allowed[8080] == {f"shop/{caller}" for caller in callers} | {SCRAPER}
    assert mesh.allowed(production, "inventory")[9090] == {"shop/orders", "shop/gateway"}


def test_the_scraper_is_let_in_where_metrics_are(mesh, stack):
    """At the port that its PodMonitor names, and at no other."""
    for service in services(stack):
        endpoints = stack.one("PodMonitor", service).inputs["spec"]["podMetricsEndpoints"]
        [name] = {each["port"] for each in endpoints}
        [container] = stack.one("Deployment", service).inputs["spec"]["template"]["spec"]["containers"]
        [scraped] = [int(each["containerPort"]) for each in container["ports"] if each["name"] == name]
        allowed = mesh.allowed(stack, service)
        assert {port for port, who in allowed.items() if SCRAPER in who} == {scraped}


def test_the_gateway_is_open_at_one_port_alone(mesh, production):
    """The others are for the storefront and the scraper."""
    allowed = mesh.allowed(production, "gateway")
    assert allowed == {8000: {ANYBODY}, 8080: {"shop/storefront", SCRAPER}}


def test_every_port_of_a_service_has_its_list(mesh, stack):
    """Of the pods that serve, by the Deployment's own selector."""
    for service in services(stack):
        [container] = stack.one("Deployment", service).inputs["spec"]["template"]["spec"]["containers"]
        own = {int(each["containerPort"]) for each in container["ports"]}
        allowed = mesh.allowed(stack, service)
        assert set(allowed) == own
        assert all(allowed.values())


def test_the_network_lets_proxies_through(mesh, stack):
    """Where pods of the mesh may reach one another, their proxies may, by the port of this mesh alone."""
    others = {each.proxy_port for each in MESHES.values()} - {mesh.proxy_port}
    for service in services(stack):
        policy = stack.one("NetworkPolicy", service).inputs["spec"]
        ways = [*ports_between(policy["ingress"], "from"), *ports_between(policy["egress"], "to")]
        assert ways
        for ports in ways:
            assert mesh.proxy_port in ports
            assert not others & ports


def test_logs_reach_logstash_through_the_proxies(mesh, stack):
    """Shippers are in the mesh; the operator, which is not, goes to Elasticsearch as it is."""
    ports = {
        _namespace(rule["from"][0]): {int(each["port"]) for each in rule["ports"]}
        for rule in stack.one("NetworkPolicy", "logs").inputs["spec"]["ingress"]
        if "ports" in rule
    }
    assert ports == {"log-shippers": {5044, mesh.proxy_port}, "elastic-system": {9200}}


def test_a_stack_may_do_without():
    """Then no namespace is in a mesh, no policy of one is there, and no port of one is open."""
    stack = stack_with("none", "kind")
    kinds = {each.inputs.get("kind") for each in stack.resources}
    assert not kinds & {"AuthorizationPolicy", "PeerAuthentication", "Server", "MeshTLSAuthentication"}
    assert [mesh.members(stack) for mesh in MESHES.values()] == [set(), set()]
    open_ports = {
        int(each["port"])
        for policy in stack.of("NetworkPolicy")
        for way in ("ingress", "egress")
        for rule in policy.inputs["spec"].get(way, [])
        for each in rule.get("ports", [])
    }
    assert not open_ports & {mesh.proxy_port for mesh in MESHES.values()}


def test_another_mesh_is_refused():
    """With the key and what it may be."""
    with pytest.raises(SettingsError, match=r"^seawall:mesh: Input should be 'istio', 'linkerd' or 'none'$"):
        run_stack("kind", mesh="consul")
