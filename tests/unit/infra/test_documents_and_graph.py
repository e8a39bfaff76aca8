"""MongoDB and Neo4j: there by switch, each with what leads its owners to it and lets nobody else in."""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

import checking
from components.access import Access
from components.mesh import Membership
from components.metrics import Metrics
from platform_kind import kind_platform
from settings import Settings
from shop_services import service_specs
from unit.infra.program import IS_SECRET, SECRET, SECRET_MARK, run, run_stack
from workloads import Workload

BOTH = '{"documents": true, "graph": true}'
OWNERS = [
    Workload(name="product_reviews", stores=frozenset({"documents", "graph"})),
    Workload(name="carts", stores=frozenset({"documents"})),
]


def kind(specs, **sizes):
    """What the platform on kind asks for with both switched on; the services go to `specs`."""
    settings = Settings.model_validate(
        {
            "platform": "kind",
            "domain": "shop.localhost",
            "images": {"registry": "r", "tag": "latest"},
            "operator_password": SECRET,
            "signing_key": SECRET,
            "stores": {"documents": True, "graph": True, **sizes},
        }
    )

    def program():
        metrics = Metrics(settings.scaling, Membership(), storage_gib=1)
        platform = kind_platform(settings, "shop", OWNERS, None, metrics)
        specs.update((spec.name, spec) for spec in service_specs(settings, platform, OWNERS, Access()))

    return run(program)


@pytest.fixture(scope="module")
def services():
    return {}


@pytest.fixture(scope="module")
def made(services):
    return kind(services)


@cache
def stack(name):
    """A whole stack with both switched on."""
    return run_stack(name, stores=BOTH)


def data(secret):
    """What is in a Secret, which Pulumi's state holds encrypted only."""
    assert secret.inputs["stringData"][SECRET_MARK] == IS_SECRET
    return secret.inputs["stringData"]["value"]


def documents(made):
    return made.one("MongoDBCommunity").inputs["spec"]


def graph(made):
    return made.one("Release", "neo4j").inputs["values"]


def pod(made):
    return documents(made)["statefulSet"]["spec"]["template"]["spec"]


def claims(made):
    found = documents(made)["statefulSet"]["spec"]["volumeClaimTemplates"]
    return {each["metadata"]["name"]: each["spec"]["resources"]["requests"]["storage"] for each in found}


def test_each_owner_has_a_user_of_its_own_database(made):
    """Who may read and write it, and has no right elsewhere."""
    users = {each["name"]: each for each in documents(made)["users"]}
    assert set(users) == {"product_reviews", "carts"}
    for name, user in users.items():
        assert user["db"] == name
        assert user["roles"] == [{"name": "readWrite", "db": name}]


def test_an_owner_is_told_the_password_of_its_user(made):
    """The operator reads it from a Secret; no two are the same, and none is the key they come from."""
    passwords = set()
    for user in documents(made)["users"]:
        password = data(made.one("Secret", user["passwordSecretRef"]["name"]))["password"]
        url = data(made.one("Secret", f"{user['name'].replace('_', '-')}-documents"))["documents_url"]
        assert url.startswith(f"mongodb://{user['name']}:{password}@")
        passwords.add(password)
    assert len(passwords) == 2
    assert SECRET not in "".join(passwords)


@pytest.mark.parametrize("members", [1, 5])
def test_the_url_names_every_member(members):
    """By the names that the operator's Service gives them, and the replica set by its own."""
    made = kind({}, documents_members=members)
    url = data(made.one("Secret", "carts-documents"))["documents_url"]
    _, _, place = url.partition("@")
    hosts = ",".join(f"documents-{at}.documents-svc.stores.svc:27017" for at in range(members))
    assert place == f"{hosts}/carts?replicaSet={made.one('MongoDBCommunity').manifest_name}"
    assert documents(made)["members"] == members


def test_sizes_are_those_of_the_settings():
    """Disks of both, and the memory of the graph."""
    made = kind({}, documents_storage_gib=7, graph_storage_gib=9, graph_memory_mib=4096)
    assert claims(made)["data-volume"] == "7Gi"
    assert graph(made)["volumes"]["data"]["defaultStorageClass"]["requests"]["storage"] == "9Gi"
    assert graph(made)["neo4j"]["resources"]["limits"] == {"memory": "4096Mi"}


@pytest.mark.parametrize("memory_mib", [2048, 4096, 65_536])
def test_heap_and_page_cache_leave_room_for_the_machine_around_them(memory_mib):
    """Or the pod would be killed for its memory when both are full."""
    config = graph(kind({}, graph_memory_mib=memory_mib))["config"]
    names = ("server.memory.heap.max_size", "server.memory.pagecache.size")
    assert sum(int(config[name].removesuffix("m")) for name in names) <= memory_mib * 3 / 4


def test_both_go_last_and_have_bounds(made):
    """The class of what keeps data; each container asks for the memory that it may have."""
    assert {pod(made)["priorityClassName"], graph(made)["podSpec"]["priorityClassName"]} == {"seawall-stores"}
    resources = [each["resources"] for each in (*pod(made)["containers"], *pod(made)["initContainers"])]
    for each in (*resources, graph(made)["neo4j"]["resources"]):
        assert each["requests"]["memory"] == each["limits"]["memory"]
        assert each["requests"]["cpu"]


def test_a_budget_keeps_a_majority_of_members(made):
    """A node that is emptied takes one member at a time, by the label of the operator's pods."""
    budget = made.one("PodDisruptionBudget", "documents").inputs["spec"]
    assert budget["maxUnavailable"] == 1
    policy = made.one("NetworkPolicy", "documents").inputs["spec"]
    assert budget["selector"] == policy["podSelector"] == {"matchLabels": {"app": "documents-svc"}}


@pytest.mark.parametrize(("policy", "port"), [("documents", 27017), ("neo4j", 7687)])
def test_a_store_lets_the_shop_in_and_nobody_else(made, services, policy, port):
    """At its own port, to the pods that its owner may connect to; its pods reach each other."""
    store = made.one("NetworkPolicy", policy)
    own, shop = store.inputs["spec"]["ingress"]
    assert own == {"from": [{"podSelector": {}}]}
    assert shop["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}]
    assert shop["ports"] == [{"protocol": "TCP", "port": port}]
    [way] = [each for each in services["product-reviews"].access.destinations if each.ports == (port,)]
    assert way.namespace == store.inputs["metadata"]["namespace"]
    assert way.pod_labels == store.inputs["spec"]["podSelector"]["matchLabels"]


def test_who_owns_no_graph_is_not_told_of_it(services):
    """By the stores of the workload."""
    assert set(services["product-reviews"].access.secrets) == {"documents_url", "graph_url"}
    assert set(services["carts"].access.secrets) == {"documents_url"}


def test_the_graph_starts_with_the_password_that_its_owner_is_told(made):
    """By a Secret in the form that the chart wants; the chart's values hold none."""
    values = graph(made)
    start = data(made.one("Secret", values["neo4j"]["passwordFromSecret"]))["NEO4J_AUTH"]
    user, _, password = start.partition("/")
    url = data(made.one("Secret", "product-reviews-graph"))["graph_url"]
    assert url == f"bolt://{user}:{password}@neo4j.graph.svc:7687"
    assert password not in json.dumps(values)


def test_the_pods_of_the_graph_have_the_labels_of_its_policy(made):
    """The chart labels them by its release and by the name that it is told."""
    release = made.one("Release", "neo4j").inputs
    assert made.one("NetworkPolicy", "neo4j").inputs["spec"]["podSelector"]["matchLabels"] == {
        "app": release["values"]["neo4j"]["name"],
        "helm.neo4j.com/instance": release["name"],
    }


@pytest.mark.parametrize("name", ["kind", "aws-prod"])
def test_the_graph_is_one_closed_server_without_rights(name):
    """No load balancer, though the chart makes one unasked; no token, in a namespace of restricted pods."""
    made = stack(name)
    values = graph(made)
    assert values["services"]["neo4j"]["enabled"] is False
    assert values["neo4j"]["edition"] == "community"
    account = made.one("ServiceAccount", values["podSpec"]["serviceAccountName"])
    assert account.inputs["automountServiceAccountToken"] is False
    labels = made.one("Namespace", "graph").inputs["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert values["containerSecurityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize("name", ["kind", "aws-prod"])
def test_stores_are_outside_of_the_mesh(name):
    """As the others are: their namespaces do not have its labels."""
    namespaces = stack(name).of("Namespace")
    mesh = {each.manifest_name for each in namespaces if "istio.io/dataplane-mode" in str(each.inputs)}
    assert "shop" in mesh
    assert not {"stores", "graph"} & mesh


def test_on_aws_the_disk_of_the_graph_is_encrypted():
    """Of the stack's class, whose volumes are encrypted with the stack's key."""
    disk = graph(stack("aws-prod"))["volumes"]["data"]
    volumes = stack("aws-prod").one("StorageClass")
    assert disk["mode"] == "dynamic"
    assert disk["dynamic"]["storageClassName"] == volumes.manifest_name
    assert volumes.inputs["parameters"]["encrypted"] == "true"


def test_on_aws_the_only_server_is_on_no_spot_node():
    """By the label that Karpenter's nodes have: there are such on demand, and others."""
    pools = [each.inputs["spec"]["template"] for each in stack("aws-prod").of("NodePool") if each.is_custom]
    [wanted] = graph(stack("aws-prod"))["nodeSelector"].items()
    fitting = [each["spec"] for each in pools if wanted in each["metadata"]["labels"].items()]
    capacities = [
        each["values"]
        for pool in fitting
        for each in pool["requirements"]
        if each["key"] == "karpenter.sh/capacity-type"
    ]
    assert capacities == [["on-demand"]]
    assert len(pools) > len(fitting)


def test_on_aws_the_password_of_the_graph_is_in_secrets_manager():
    """Made there, read by external-secrets before the chart, and written down nowhere."""
    made = stack("aws-prod")
    secret = made.one("secretsmanager/secret:Secret", "seawall-aws-prod-graph-neo4j")
    spec = made.one("ExternalSecret", "neo4j-password").inputs["spec"]
    assert spec["dataFrom"] == [{"extract": {"key": secret.inputs["name"]}}]
    assert spec["target"]["template"]["data"] == {"NEO4J_AUTH": "neo4j/{{ .password }}"}
    names = [each.name for each in made.resources]
    assert names.index("external-secrets") < names.index("neo4j-password-secret") < names.index("neo4j")


@pytest.mark.parametrize("name", ["kind", "aws-prod"])
def test_switched_off_there_is_none_of_it(name):
    """What the switches bring is named so that it would be found."""
    words = ("documents", "graph", "mongo", "neo4j")

    def found(made):
        return {
            each.manifest_name for each in made.resources if any(word in each.manifest_name for word in words)
        }

    assert all(word in " ".join(found(stack(name))) for word in ("documents", "graph", "neo4j"))
    assert not found(run_stack(name))


def checked(folder, name, stores):
    """`infra/pulumi:check` on a copy of the program that has one service more, which owns both stores."""
    program = folder / "pulumi"
    shutil.copytree(Path(checking.__file__).parent, program)
    workloads = yaml.safe_load((program / "workloads.yaml").read_text())
    workloads["workloads"]["reviews"] = {"stores": ["documents", "graph"]}
    (program / "workloads.yaml").write_text(yaml.safe_dump(workloads))
    settings = yaml.safe_load((program / f"Pulumi.{name}.yaml").read_text())
    settings["config"]["seawall:stores"] = stores
    (program / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump(settings))
    return subprocess.run(
        [sys.executable, "-m", checking.__name__, name],
        cwd=program,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(program), *filter(None, sys.path)])},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["kind", "aws-staging"])
def test_a_stack_with_an_owner_breaks_no_rule(tmp_path, name):
    """The whole program, both switched on, with a service that keeps data in both."""
    done = checked(tmp_path, name, {"documents": True, "graph": True})
    assert done.returncode == 0, done.stderr
    assert "no rule is broken" in done.stdout


def test_an_owner_of_what_is_switched_off_is_refused(tmp_path):
    """A line for each store, which names its key and the workload, and nothing is asked for."""
    done = checked(tmp_path, "kind", {"documents": True})
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "seawall:stores.graph: is off, and the workload 'reviews' keeps data there (workloads.yaml)"
    ]
