"""Certificates in the cluster: made by an authority there, renewed long before their end."""

import pytest

from policies import violations
from settings import SettingsError
from unit.infra.program import run_stack


@pytest.fixture(scope="module")
def stack():
    return run_stack("kind")


def hours(text):
    return int(text.removesuffix("h"))


def test_the_edge_has_a_certificate_for_its_names(stack):
    """`domain` and `more_hosts`, signed by the authority of the edge."""
    spec = stack.one("Certificate", "edge").inputs["spec"]
    assert spec["dnsNames"] == ["shop.localhost", "localhost"]
    assert spec["issuerRef"]["name"] == "seawall-edge"
    issuer = stack.one("ClusterIssuer", "seawall-edge").inputs["spec"]
    authority = stack.one("Certificate", "seawall-edge").inputs
    assert issuer["ca"]["secretName"] == authority["spec"]["secretName"]
    assert (authority["metadata"]["namespace"], authority["spec"]["isCA"]) == ("cert-manager", True)


def test_each_is_renewed_well_before_its_end(stack):
    """Weeks before; an authority before what it has signed could outlive it."""
    specs = {each.manifest_name: each.inputs["spec"] for each in stack.of("Certificate")}
    assert all(hours(spec["renewBefore"]) >= 30 * 24 for spec in specs.values())
    assert hours(specs["seawall-edge"]["renewBefore"]) > hours(specs["edge"]["duration"])


def test_the_gateway_follows_the_files_of_the_secret(stack):
    """It alone mounts certificate and key, and is told where they are."""
    told = stack.one("ConfigMap", "gateway").inputs["data"]
    folder = "/run/secrets/seawall"
    assert told["SEAWALL_TLS_CERTIFICATE"] == f"{folder}/tls.crt"
    assert told["SEAWALL_TLS_KEY"] == f"{folder}/tls.key"
    mounted = {
        (each.manifest_name, item["path"])
        for each in stack.of("Deployment")
        for volume in each.inputs["spec"]["template"]["spec"].get("volumes", [])
        for source in volume.get("projected", {}).get("sources", [])
        for item in source["secret"]["items"]
        if source["secret"]["name"] == "edge"
    }
    assert mounted == {("gateway", "tls.crt"), ("gateway", "tls.key")}


def test_plain_http_has_no_door(stack):
    """The host reaches the port of TLS; the network lets anybody in to that one alone."""
    [port] = stack.one("Service", "gateway-public").inputs["spec"]["ports"]
    assert (port["targetPort"], port["nodePort"]) == ("tls", 30443)
    rules = stack.one("NetworkPolicy", "gateway").inputs["spec"]["ingress"]
    [anybody] = [rule for rule in rules if "ipBlock" in rule["from"][0]]
    assert [each["port"] for each in anybody["ports"]] == [8443]


def test_a_stack_may_do_without():
    """No certificate, no cert-manager; the door is plain, and no rule is broken."""
    stack = run_stack("kind", edge="null")
    assert stack.of("Certificate") == stack.of("ClusterIssuer") == []
    [port] = stack.one("Service", "gateway-public").inputs["spec"]["ports"]
    assert (port["targetPort"], port["nodePort"]) == ("public", 30080)
    assert violations(stack.resources, production=False) == []


@pytest.mark.parametrize(
    ("stack", "edge", "said"),
    [
        ("kind", '{"certificate_days": 50, "renew_before_days": 30}', "renew_before_days is above half"),
        ("kind", '{"certificate_days": 400}', "edge.certificate_days"),
        ("kind", '{"more_hosts": ["no host"]}', "edge.more_hosts.0"),
        ("aws-staging", "{}", "edge: belongs to platform kind"),
    ],
)
def test_what_cannot_be_is_refused(stack, edge, said):
    """With the key, before anything is asked for."""
    with pytest.raises(SettingsError, match=said):
        run_stack(stack, edge=edge)
