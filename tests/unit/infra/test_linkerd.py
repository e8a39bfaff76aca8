"""Linkerd's own: certificates that are renewed, proxies that no pod is without, ways past the proxy."""

import json
from ipaddress import ip_address, ip_network

import pytest

from unit.infra.meshes import head, stack_with
from unit.infra.program import STACKS, run_stack

# What Linkerd's reference says that these have, by kind; no registry has their definitions.
# https://linkerd.io/2-edge/reference/authorization-policy/
KNOWN = {
    "Server": ("v1beta3", {"accessPolicy", "podSelector", "port", "proxyProtocol"}),
    "AuthorizationPolicy": ("v1alpha1", {"targetRef", "requiredAuthenticationRefs"}),
    "MeshTLSAuthentication": ("v1alpha1", {"identities", "identityRefs"}),
    "NetworkAuthentication": ("v1alpha1", {"networks"}),
}
MONTH_HOURS, PROXY_HOURS = 30 * 24, 24


@pytest.fixture(params=STACKS)
def stack(request):
    return stack_with("linkerd", request.param)


@pytest.fixture
def values(stack):
    return stack.one("Release", "linkerd-control-plane").inputs["values"]


def hours(text):
    return int(text.removesuffix("h"))


def templates(stack):
    """Of the pods of the shop, by the name of what makes them."""
    return {
        each.manifest_name: each.inputs["spec"]["template"]
        for kind in ("Deployment", "Job")
        for each in stack.of(kind)
        if each.inputs["metadata"]["namespace"] == "shop"
    }


def annotation(template, name):
    found = template["metadata"].get("annotations", {}).get(f"config.linkerd.io/{name}", "")
    return found.split(",") if found else []


def egress(stack, policy):
    """The ports that may be reached, by namespace; "" is the policy's own, None what has an address."""
    found: dict[str | None, set[int]] = {}
    for rule in stack.one("NetworkPolicy", policy).inputs["spec"]["egress"]:
        for peer in rule["to"]:
            labels = peer.get("namespaceSelector", {}).get("matchLabels", {})
            name = None if "ipBlock" in peer else labels.get("kubernetes.io/metadata.name", "")
            found.setdefault(name, set()).update(int(each["port"]) for each in rule.get("ports", []))
    return found


def test_the_issuer_is_renewed(stack, values):
    """A month before its end, and its authority before what it has signed could outlive it."""
    issuer = stack.one("Certificate", "linkerd-identity-issuer").inputs
    spec = issuer["spec"]
    assert (issuer["metadata"]["namespace"], spec["secretName"]) == ("linkerd", "linkerd-identity-issuer")
    assert (spec["isCA"], spec["dnsNames"]) == (True, ["identity.linkerd.cluster.local"])
    assert {"cert sign", "crl sign"} <= set(spec["usages"])
    assert spec["privateKey"] == {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}
    assert hours(spec["renewBefore"]) >= MONTH_HOURS > PROXY_HOURS
    authority = stack.one("Certificate", spec["issuerRef"]["name"]).inputs
    assert authority["metadata"]["namespace"] == "cert-manager"
    assert hours(authority["spec"]["renewBefore"]) > hours(spec["duration"])
    assert values["identity"] == {"externalCA": True, "issuer": {"scheme": "kubernetes.io/tls"}}


def test_proxies_trust_the_authority_of_the_issuer(stack):
    """By the ConfigMap that Linkerd reads, which follows the authority's Secret, and one of before it."""
    issuer = stack.one("Certificate", "linkerd-identity-issuer").inputs["spec"]
    authority = stack.one("Certificate", issuer["issuerRef"]["name"]).inputs["spec"]
    spec = stack.one("Bundle", "linkerd-identity-trust-roots").inputs["spec"]
    sources = [each["secret"] for each in spec["sources"]]
    assert {each["key"] for each in sources} == {"tls.crt"}
    assert sources[0]["name"] == authority["secretName"]
    assert sources[1]["selector"]["matchLabels"] == {"seawall.dev/also-trusted": authority["secretName"]}
    assert spec["target"]["configMap"] == {"key": "ca-bundle.crt"}
    wanted = spec["target"]["namespaceSelector"]["matchLabels"].items()
    into = [each.manifest_name for each in stack.of("Namespace") if wanted <= head(each, "labels").items()]
    assert into == ["linkerd"]
    trust = stack.one("Release", "trust-manager").inputs
    assert trust["namespace"] == trust["values"]["app"]["trust"]["namespace"] == "cert-manager"


def test_the_webhooks_certificates_are_renewed(stack, values):
    """Helm's own would end after a year. The API server knows them by what cert-manager injects."""
    for key, service in {
        "proxyInjector": "linkerd-proxy-injector",
        "profileValidator": "linkerd-sp-validator",
        "policyValidator": "linkerd-policy-validator",
    }.items():
        namespace, _, name = values[key]["injectCaFrom"].partition("/")
        certificate = stack.one("Certificate", name).inputs
        assert (values[key]["externalSecret"], certificate["metadata"]["namespace"]) == (True, namespace)
        spec = certificate["spec"]
        assert (spec["secretName"], spec["dnsNames"]) == (f"{service}-k8s-tls", [f"{service}.linkerd.svc"])
        assert hours(spec["renewBefore"]) >= MONTH_HOURS
        assert spec["issuerRef"]["name"] != "seawall-mesh", "a webhook is no member of the mesh"


def test_jobs_end_and_pods_stay_restricted(stack, values):
    """A native sidecar ends with its pod's containers, and the plugin of the node needs no right of a pod."""
    assert (values["proxy"]["nativeSidecar"], values["cniEnabled"]) == (True, True)
    assert "waitBeforeExitSeconds" not in values["proxy"]
    assert stack.one("Release", "linkerd2-cni").inputs["namespace"] == "linkerd-cni"
    levels = {
        each.manifest_name: head(each, "labels").get("pod-security.kubernetes.io/enforce")
        for each in stack.of("Namespace")
    }
    assert (levels["shop"], levels["linkerd-cni"]) == ("restricted", "privileged")


def test_no_pod_of_the_mesh_starts_without_its_proxy(stack, values):
    """While the injector is away none does; it is not asked about pods of other namespaces."""
    assert values["webhookFailurePolicy"] == "Fail"
    [rule] = values["proxyInjector"]["namespaceSelector"]["matchExpressions"]
    assert (rule["operator"], rule["values"]) == ("In", ["enabled"])
    asked = {
        each.manifest_name
        for each in stack.of("Namespace")
        if head(each, "labels").get(rule["key"]) in rule["values"]
    }
    assert asked == {"shop", "monitoring", "logs", "log-shippers"}


def test_proxies_reach_the_control_plane(stack):
    """Identity, destinations and policy: from every pod of the shop and of logs that a policy confines."""
    for name in [*{template["spec"]["serviceAccountName"] for template in templates(stack).values()}, "logs"]:
        assert egress(stack, name)["linkerd"] == {8080, 8086, 8090}


def test_what_is_outside_of_the_mesh_is_reached_past_the_proxy(stack):
    """Stores and the collector, at the ports that the network policy has for them; no port of the shop."""
    for template in templates(stack).values():
        ways = egress(stack, template["spec"]["serviceAccountName"])
        inside = {"", "kube-system", "linkerd"}
        outside = {name: ports for name, ports in ways.items() if name not in inside}
        past = set(map(int, annotation(template, "skip-outbound-ports")))
        # The payment provider speaks TLS, in which the client is the first to speak.
        assert past == set().union(*outside.values()) - {443}
        assert not past & {8000, 8080, 8443, 9090}


def test_jobs_reach_their_stores(stack):
    """A migration goes past its proxy to PostgreSQL, as its service does."""
    jobs = {name: each for name, each in templates(stack).items() if "-expand-" in name}
    assert jobs
    assert all("5432" in annotation(each, "skip-outbound-ports") for each in jobs.values())


def test_customers_addresses_reach_the_gateway(stack):
    """A proxy would hide them; pods of the cluster still come through it. No other service is open."""
    by_name = {name: annotation(each, "skip-subnets") for name, each in templates(stack).items()}
    assert {name for name, ranges in by_name.items() if ranges} == {"gateway"}
    customers = [ip_network(each) for each in by_name["gateway"]]

    def is_customer(text):
        return any(ip_address(text) in each for each in customers)

    assert all(map(is_customer, ("203.0.113.7", "8.8.8.8", "11.0.0.0", "172.32.0.1", "100.63.255.255")))
    assert not any(map(is_customer, ("10.40.3.9", "172.18.0.1", "192.168.1.1", "100.64.0.1")))
    assert sum(each.num_addresses for each in customers) == 2**32 - (2**24 + 2**22 + 2**20 + 2**16)


def test_no_way_past_the_proxy_leads_in(stack):
    """`skip-inbound-ports` would open a port to anybody, and take the place of the plugin's own list."""
    assert not any(annotation(each, "skip-inbound-ports") for each in templates(stack).values())


def test_the_room_held_free_is_for_pods_with_proxies(stack, values):
    """As large as the largest of the shop with its proxy."""
    proxy = values["proxy"]["resources"]
    assert (proxy["cpu"]["request"], proxy["memory"]["request"]) == ("100m", "128Mi")
    assert proxy["memory"]["limit"] == proxy["memory"]["request"]
    held = stack.one("Deployment", "headroom").inputs["spec"]["template"]["spec"]["containers"][0]
    gateway = stack.one("Deployment", "gateway").inputs["spec"]["template"]["spec"]["containers"][0]
    for key, of_proxy, unit in (("cpu", 100, "m"), ("memory", 128, "Mi")):
        own = int(gateway["resources"]["requests"][key].removesuffix(unit))
        assert held["resources"]["requests"][key] == f"{own + of_proxy}{unit}"


@pytest.mark.parametrize("pods", ["keda", "prometheus-adapter"])
def test_a_service_is_scaled_by_its_own_container(pods):
    """A pod's sum would have the proxy's unused memory hide that the service is short of it."""
    stack = run_stack("kind", mesh="linkerd", scaling=json.dumps({"pods": pods}))
    if pods == "keda":
        triggers = stack.one("ScaledObject", "orders").inputs["spec"]["triggers"]
        counted = {
            each["type"]: each["metadata"]["containerName"]
            for each in triggers
            if each["type"] in {"cpu", "memory"}
        }
    else:
        metrics = stack.one("HorizontalPodAutoscaler", "orders").inputs["spec"]["metrics"]
        own = [each["containerResource"] for each in metrics if each["type"] == "ContainerResource"]
        counted = {each["name"]: each["container"] for each in own}
    [container] = stack.one("Deployment", "orders").inputs["spec"]["template"]["spec"]["containers"]
    assert counted == {"cpu": container["name"], "memory": container["name"]}


def test_its_policies_say_what_its_reference_knows(stack):
    """Version and fields of each kind; Linkerd's definitions could not be had for the lab."""
    found = [each.inputs for each in stack.resources if each.inputs.get("kind") in KNOWN]
    assert {each["kind"] for each in found} == set(KNOWN)
    for each in found:
        version, fields = KNOWN[each["kind"]]
        assert each["apiVersion"] == f"policy.linkerd.io/{version}"
        assert set(each["spec"]) <= fields


def test_on_aws_it_brings_cert_manager():
    """Without it the stack has none: ACM makes the certificate of the door."""
    made = {
        mesh: [each.name for each in stack_with(mesh, "aws-prod").of("CertManager")]
        for mesh in ("istio", "linkerd", "none")
    }
    assert made == {"istio": [], "linkerd": ["cert-manager"], "none": []}
