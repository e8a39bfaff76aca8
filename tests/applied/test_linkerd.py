"""The stack on kind with Linkerd for a mesh, applied whole to a real API server.

What the charts make is not there, the injector neither: pods are as the program asks for them.
"""

import pytest

from applied.applying import Applier
from applied.lab import running_lab
from recording import record_stack

NODES, PATIENCE = "12", "--timeout=240s"
# The definitions of these are in no registry (ADR 38). Their fields: tests/unit/infra/test_linkerd.py.
UNKNOWN_HERE = {"Server", "AuthorizationPolicy", "MeshTLSAuthentication", "NetworkAuthentication"}


@pytest.fixture(scope="module")
def applier(tmp_path_factory):
    """The stack in a cluster of its own."""
    with running_lab(tmp_path_factory.mktemp("lab"), "--nodes", NODES) as lab:
        made = Applier(lab=lab)
        record_stack("kind", recorder=made, mesh="linkerd")
        yield made


def test_the_server_takes_all_that_it_has_definitions_of(applier):
    """Certificates, issuers and the bundle among it; of the others it says that it does not know the kind."""
    refused = {line.split()[0]: line for line in applier.refused}
    assert set(refused) == UNKNOWN_HERE
    assert all('in version "policy.linkerd.io/' in line for line in applier.refused)
    taken = {(each["kind"], each["metadata"]["name"]) for each in applier.applied}
    assert taken >= {
        ("Certificate", "linkerd-identity-issuer"),
        ("Certificate", "linkerd-proxy-injector-k8s-tls"),
        ("ClusterIssuer", "seawall-mesh"),
        ("Bundle", "linkerd-identity-trust-roots"),
        ("NetworkPolicy", "orders"),
        ("ScaledObject", "orders"),
    }


def test_every_pod_of_the_shop_is_ready(applier):
    """With the annotations that the injector reads, under the restricted standard."""
    waiting = applier.lab.kubectl(
        "wait", "--for=condition=Available", "deployment", "--all", "-n", "shop", PATIENCE
    )
    wanted = [each for each in applier.applied if each["kind"] == "Deployment"]
    assert waiting.count("condition met") == len([w for w in wanted if w["metadata"]["namespace"] == "shop"])
    applier.lab.kubectl("wait", "--for=condition=Complete", "job", "--all", "-n", "shop", PATIENCE)
