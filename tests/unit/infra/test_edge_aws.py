"""What leads the internet to the shop on AWS: a name, a certificate, a load balancer, and their rights."""

import pytest

from components.aws.certificate import Certificate
from components.aws.external_dns import ExternalDns
from components.aws.load_balancer import PREFIX, LoadBalancerController, public_service
from unit.infra.aws_parts import NAME, REGION, statements_of
from unit.infra.program import run

DOMAIN, ZONE = "shop.example", "Z1"


def test_a_certificate_proves_itself_by_dns():
    """Its record is in the zone, and it counts only when AWS has seen that."""
    made = run(lambda: Certificate(NAME, domain=DOMAIN, hosted_zone_id=ZONE))
    record = made.one("route53/record:Record").inputs
    assert (record["zoneId"], record["type"], record["name"]) == (ZONE, "CNAME", f"_proof.{DOMAIN}")
    validated = made.one("acm/certificateValidation:CertificateValidation").inputs
    assert validated["certificateArn"] == f"arn:aws:acm:{REGION}:111122223333:{NAME}"


def test_names_are_written_in_one_zone():
    """The controller changes records of its zone alone, and looks at names below the domain alone."""
    made = run(lambda: ExternalDns(NAME, cluster_name="c", domain=DOMAIN, hosted_zone_id=ZONE))
    [changing] = [s for s in statements_of(made) if "route53:ChangeResourceRecordSets" in s["Action"]]
    assert changing["Resource"] == [f"arn:aws:route53:::hostedzone/{ZONE}"]
    values = made.one("Release").inputs["values"]
    assert values["domainFilters"] == [DOMAIN]
    assert values["txtOwnerId"] == NAME


def test_load_balancers_of_others_are_left_alone():
    """What changes or ends one needs this cluster's tag on it."""
    made = run(lambda: LoadBalancerController(NAME, region=REGION, cluster_name="c", vpc_id="vpc"))
    mine = {"StringEquals": {"aws:ResourceTag/elbv2.k8s.aws/cluster": NAME}}
    ending = [
        s
        for s in statements_of(made)
        if {"elasticloadbalancing:DeleteLoadBalancer", "ec2:DeleteSecurityGroup"} & set(s["Action"])
    ]
    assert [s["Condition"] for s in ending] == [mine, mine]


@pytest.mark.parametrize(("production", "kept"), [(True, "true"), (False, "false")])
def test_the_public_service_speaks_tls(production, kept):
    """TLS 1.2 at least, ended by the certificate; customers keep their address; production is kept."""
    given = public_service(DOMAIN, "arn:certificate", production=production)
    assert given[f"{PREFIX}-ssl-cert"] == "arn:certificate"
    assert given[f"{PREFIX}-ssl-negotiation-policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert f"deletion_protection.enabled={kept}" in str(given[f"{PREFIX}-attributes"])
    assert "preserve_client_ip.enabled=true" in str(given[f"{PREFIX}-target-group-attributes"])
    assert given["external-dns.alpha.kubernetes.io/hostname"] == DOMAIN
