"""MongoDB and Neo4j on a real API server: by MongoDB's real definition, with a service that owns both."""

import copy
import json

import pytest

from applied.applying import Applier
from applied.lab import Refused, running_lab
from components.access import Access
from components.mesh import Membership
from components.metrics import Metrics
from components.microservice.microservice import Microservice
from components.microservice.spec import Surroundings
from components.shop_namespace import SHOP
from platform_kind import kind_platform
from recording import SECRET, record, record_stack
from settings import Settings
from shop_services import service_specs
from workloads import Workload, workloads_of

BOTH = {"documents": True, "graph": True}
OWNER = Workload(name="reviews", stores=frozenset({"documents", "graph"}))
SETTINGS = Settings.model_validate(
    {
        "platform": "kind",
        "domain": "shop.localhost",
        "images": {"registry": "localhost:5001/seawall", "tag": "latest"},
        "operator_password": SECRET,
        "signing_key": SECRET,
        "stores": BOTH,
    }
)
PATIENCE = "--timeout=240s"


def owner():
    """The stack's stores once more, now with the user of a service that owns both; and the service."""
    workloads = [*workloads_of(production=False), OWNER]
    metrics = Metrics(SETTINGS.scaling, Membership(), storage_gib=1)
    platform = kind_platform(SETTINGS, SHOP, workloads, None, metrics)
    [spec] = [
        each for each in service_specs(SETTINGS, platform, workloads, Access()) if each.name == OWNER.name
    ]
    Microservice(spec, Surroundings(SHOP, SETTINGS.images, SETTINGS.scaling), contracts=False)


@pytest.fixture(scope="module")
def applier(tmp_path_factory):
    """The stack on kind with both switched on, and then its owner."""
    with running_lab(tmp_path_factory.mktemp("lab"), "--nodes", "6") as lab:
        made = Applier(lab=lab)
        record_stack("kind", recorder=made, stores=json.dumps(BOTH))
        record(owner, recorder=made)
        yield made


def last(applier, kind, name):
    """As it was applied the last time."""
    return [each for each in applier.applied if (each["kind"], each["metadata"]["name"]) == (kind, name)][-1]


def test_the_server_takes_all_of_it(applier):
    """Every object of the stack, the custom one of MongoDB by its real definition."""
    assert applier.refused == []
    kept = json.loads(
        applier.lab.kubectl("get", "mongodbcommunity", "documents", "-n", "stores", "--output=json")
    )
    assert [user["name"] for user in kept["spec"]["users"]] == ["reviews"]
    assert (
        kept["spec"]["statefulSet"] == last(applier, "MongoDBCommunity", "documents")["spec"]["statefulSet"]
    )


def test_an_unchanged_program_changes_nothing(applier):
    """Neither to what MongoDB's operator is told nor to what stands before Neo4j."""
    mine = [
        each
        for each in applier.applied
        if each["metadata"].get("namespace") == "graph" or each["kind"] == "MongoDBCommunity"
    ]
    newest = {(each["kind"], each["metadata"]["name"]): each for each in mine}
    assert len(newest) >= 4
    manifest = "\n---\n".join(json.dumps(each) for each in newest.values())
    assert applier.lab.kubectl("diff", "--server-side", "--filename=-", manifest=manifest) == ""


def test_the_owner_runs_with_what_leads_it_to_both(applier):
    """Its pods find nodes and are ready; the Secrets that they mount are there, each with its key."""
    applier.lab.kubectl("wait", "--for=condition=Available", "deployment/reviews", "-n", SHOP, PATIENCE)
    pod = last(applier, "Deployment", "reviews")["spec"]["template"]["spec"]
    mounted = {
        item["key"]: source["secret"]["name"]
        for volume in pod["volumes"]
        for source in volume.get("projected", {}).get("sources", [])
        for item in source["secret"]["items"]
    }
    assert set(mounted) == {"documents_url", "graph_url"}
    for key, name in mounted.items():
        kept = json.loads(applier.lab.kubectl("get", "secret", name, "-n", SHOP, "--output=json"))
        assert set(kept["data"]) == {key}


def none_of_a_type(spec):
    spec.pop("type")


def another_sign_in(spec):
    spec["security"]["authentication"]["modes"] = ["PLAIN"]


def a_word_for_a_number(spec):
    spec["members"] = "three"


def a_user_without_roles(spec):
    spec["users"][0].pop("roles")


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (none_of_a_type, "spec.type: Required value"),
        (another_sign_in, "supported values"),
        (a_word_for_a_number, "members: expected numeric"),
        (a_user_without_roles, "roles: Required value"),
    ],
)
def test_the_definition_is_the_real_one(applier, plant, words):
    """It refuses what MongoDB's operator would not understand."""
    wanted = copy.deepcopy(last(applier, "MongoDBCommunity", "documents"))
    plant(wanted["spec"])
    with pytest.raises(Refused, match=words):
        applier.lab.kubectl(
            "apply", "--server-side", "--dry-run=server", "--filename=-", manifest=json.dumps(wanted)
        )


def pod_of_the_graph(applier, rights):
    """As the chart makes it of the values; what it adds by itself is in its own values.yaml."""
    release = next(each for each in reversed(applier.resources) if each.inputs.get("chart") == "neo4j")
    values = release.inputs["values"]
    spec = {
        "serviceAccountName": values["podSpec"]["serviceAccountName"],
        "priorityClassName": values["podSpec"]["priorityClassName"],
        "securityContext": {"runAsNonRoot": True, "runAsUser": 7474, **values["securityContext"]},
        "containers": [
            {"name": "neo4j", "image": "neo4j", "securityContext": values[rights] if rights else {}}
        ],
    }
    head = {"name": "as-of-the-chart", "namespace": release.inputs["namespace"]}
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": head, "spec": spec})


def test_the_namespace_of_the_graph_takes_its_pod_and_none_with_more_rights(applier):
    """The values take away what Pod Security wants to be gone; without them it is refused."""
    dry = ("apply", "--server-side", "--dry-run=server", "--filename=-")
    applier.lab.kubectl(*dry, manifest=pod_of_the_graph(applier, "containerSecurityContext"))
    with pytest.raises(Refused, match="violates PodSecurity"):
        applier.lab.kubectl(*dry, manifest=pod_of_the_graph(applier, None))
