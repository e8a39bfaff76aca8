"""The rules over what a stack asks for: none is broken, and each finds what is planted."""

import copy
from pathlib import Path

import pytest

from policies import COMPANY, POLICIES, PRODUCTION, violations
from unit.infra.program import STACKS, Resource, run_stack

TABLE = Path(__file__).parents[3] / "docs" / "planted-faults.md"


@pytest.fixture(scope="module")
def resources():
    return run_stack("aws-prod").resources


@pytest.fixture(scope="module")
def with_linkerd():
    return run_stack("aws-prod", mesh="linkerd").resources


def changed(resources, kind, name, change):
    """The resources, one of them changed."""
    [at] = [
        at
        for at, each in enumerate(resources)
        if each.inputs.get("kind") == kind and each.manifest_name == name
    ]
    inputs = copy.deepcopy(dict(resources[at].inputs))
    change(inputs)
    return [*resources[:at], Resource(resources[at].type, resources[at].name, inputs), *resources[at + 1 :]]


def in_container(change):
    """A change of the first container of a workload."""
    return lambda inputs: change(inputs["spec"]["template"]["spec"]["containers"][0])


def in_pod(change):
    return lambda inputs: change(inputs["spec"]["template"]["spec"])


def without(kind, *names):
    return lambda resources: [
        each for each in resources if each.inputs.get("kind") != kind or each.manifest_name not in names
    ]


def planted(kind, name, change):
    return lambda resources: changed(resources, kind, name, change)


def writable(container):
    container["securityContext"].pop("readOnlyRootFilesystem")


def privileged(container):
    container["securityContext"]["privileged"] = True


def with_image(image):
    return lambda container: container.update(image=image)


def with_key(container):
    container["env"].append({"name": "SEAWALL_SIGNING_KEY", "value": "k"})


def of_other_pods(inputs):
    inputs["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"] = "accounts"


def hasty(inputs):
    inputs["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] = 1


ORDERS = ("Deployment", "orders")
# What is done, to what, and what is said of it.
FAULTS = [
    ("a container without resources", planted(*ORDERS, in_container(lambda c: c.pop("resources"))),
     "limits: Deployment orders: container orders has no limit of memory"),
    ("no request of CPU", planted(*ORDERS, in_container(lambda c: c["resources"]["requests"].pop("cpu"))),
     "limits: Deployment orders: container orders requests no cpu or memory"),
    ("no readiness", planted(*ORDERS, in_container(lambda c: c.pop("readinessProbe"))),
     "probes: Deployment orders: container orders has no readinessProbe"),
    ("a root that can be written", planted(*ORDERS, in_container(writable)),
     "restricted: Deployment orders: container orders may write to its image"),
    ("a privileged container", planted(*ORDERS, in_container(privileged)),
     "restricted: Deployment orders: container orders may gain rights"),
    ("a token of the API server", planted(*ORDERS, in_pod(lambda p: p.pop("automountServiceAccountToken"))),
     "restricted: Deployment orders: its pods get a token of the API server"),
    ("an image that nobody keeps", planted(*ORDERS, in_container(with_image("docker.io/bitnami/kafka:3.9"))),
     "kept images: Deployment orders: image docker.io/bitnami/kafka:3.9 is kept by nobody"),
    ("an image by tag", planted(*ORDERS, in_container(with_image("r/orders:latest"))),
     "digest: Deployment orders: image r/orders:latest is not by digest or exact version"),
    ("a password in a URL", planted("ConfigMap", "orders", lambda i: i["data"].update(BROKER="kafka://u:p@h:1")),
     "secrets: ConfigMap orders: BROKER is in plain text"),
    ("a key in the environment", planted(*ORDERS, in_container(with_key)),
     "secrets: Deployment orders: SEAWALL_SIGNING_KEY is in plain text"),
    ("a second door", planted("Service", "orders", lambda i: i["spec"].update(type="LoadBalancer")),
     "one door: Service orders: is reached from outside; only the gateway may be"),
    ("an update that takes pods away", planted(*ORDERS, hasty),
     "rollout: Deployment orders: an update takes pods away before others are ready"),
    ("no disruption budget", without("PodDisruptionBudget", "orders"),
     "company: Deployment orders: has no PodDisruptionBudget"),
    ("no network policy", without("NetworkPolicy", "orders"),
     "company: Deployment orders: has no NetworkPolicy"),
    ("no autoscaler", without("ScaledObject", "orders"),
     "company: Deployment orders: has no autoscaler"),
    ("no list of callers in the mesh", without("AuthorizationPolicy", "orders"),
     "company: Deployment orders: has no AuthorizationPolicy"),
]  # fmt: skip
LINKERD_FAULTS = [
    ("Linkerd: a port without a list of callers",
     without("AuthorizationPolicy", "orders-8080", "orders-8080-scraper"),
     "company: Deployment orders: has no AuthorizationPolicy"),
    ("Linkerd: a port that no Server guards", without("Server", "orders-8080"),
     "company: Deployment orders: has no AuthorizationPolicy"),
    ("Linkerd: a Server of other pods", planted("Server", "orders-8080", of_other_pods),
     "company: Deployment orders: has no AuthorizationPolicy"),
]  # fmt: skip


@pytest.mark.parametrize("mesh", ["istio", "linkerd", "none"])
@pytest.mark.parametrize("stack", STACKS)
def test_no_stack_breaks_a_rule(stack, mesh):
    """The real program, with the real configuration of each stack, whichever mesh it has."""
    assert violations(run_stack(stack, mesh=mesh).resources, production=stack == "aws-prod") == []


@pytest.mark.parametrize(("what", "plant", "said"), FAULTS, ids=[what for what, _, _ in FAULTS])
def test_a_planted_fault_is_found(resources, what, plant, said):
    """In one line that says the rule, the resource and where; nothing else is said."""
    found = violations(plant(resources), production=True)
    assert said in found
    assert all(" orders" in line for line in found)


@pytest.mark.parametrize(
    ("what", "plant", "said"), LINKERD_FAULTS, ids=[what for what, _, _ in LINKERD_FAULTS]
)
def test_a_fault_of_linkerd_is_found(with_linkerd, what, plant, said):
    """As of Istio, by the resources that Linkerd has for it."""
    assert violations(with_linkerd, production=True) == []
    assert violations(plant(with_linkerd), production=True) == [said]


def test_every_rule_has_a_planted_fault():
    """None is there that never found anything."""
    named = {said.partition(":")[0] for _, _, said in FAULTS}
    assert named == {policy.name for policy in (*POLICIES, *PRODUCTION)} | {"company"}


def test_the_table_is_of_these_faults():
    """docs/planted-faults.md says what is tested."""
    page, _, _ = TABLE.read_text().partition("\n## What only an API server finds")
    assert page == document()


def document() -> str:
    """The page, as it has to be."""
    rules = [(policy.name, policy.rule) for policy in (*POLICIES, *PRODUCTION)] + [("company", COMPANY)]
    lines = [
        "# Planted faults",
        "",
        "The rules of `infra/pulumi/policies.py` hold for all that the program asks for, on each stack. Each",
        "is tried on faults that are planted into `aws-prod`: `tests/unit/infra/test_policies.py`.",
        "",
        "| rule | |",
        "|---|---|",
        *(f"| {name} | {rule} |" for name, rule in rules),
        "",
        "| planted | said |",
        "|---|---|",
        *(f"| {what} | `{said}` |" for what, _, said in (*FAULTS, *LINKERD_FAULTS)),
    ]
    return "\n".join(lines) + "\n"
