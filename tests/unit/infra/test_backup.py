"""Backups of PostgreSQL on kind: to an object store, by whose keys, when, and for how long."""

import json
import re
from pathlib import Path

import pytest
import yaml

from policies import violations
from settings import SECRETS
from unit.infra.program import BACKED_UP, IS_SECRET, SECRET_MARK, STACKS, run_stack

KINDS = ("ObjectStore", "ScheduledBackup")
PLUGIN = "barman-cloud.cloudnative-pg.io"
RUNBOOK = Path(__file__).parents[3] / "docs" / "runbooks" / "restore.md"


@pytest.fixture(scope="module")
def stack():
    return run_stack("kind", **BACKED_UP)


def backed_up(**changes):
    """A stack whose backup is configured in another way."""
    given = json.loads(BACKED_UP["stores"])
    given["postgres_backup"] |= changes
    return run_stack("kind", **(BACKED_UP | {"stores": json.dumps(given)}))


def store_of(stack):
    return stack.one("ObjectStore").inputs["spec"]


@pytest.mark.parametrize("stack", STACKS)
def test_without_the_setting_there_is_none(stack):
    """No stack of ours has a bucket: nothing of it is asked for."""
    made = run_stack(stack)
    assert not any(made.of(kind) for kind in KINDS)
    assert not any("plugins" in each.inputs["spec"] for each in made.of("postgresql.cnpg.io/v1:Cluster"))
    assert "plugin-barman-cloud" not in {each.inputs["chart"] for each in made.of("Release")}


def test_all_that_is_written_goes_to_the_store(stack):
    """The Cluster's only archiver is the plugin, told the store and the folder of its life."""
    [archiver] = stack.one("Cluster").inputs["spec"]["plugins"]
    name = stack.one("ObjectStore").manifest_name
    told = {"barmanObjectName": name, "serverName": "postgres"}
    assert archiver == {"name": PLUGIN, "isWALArchiver": True, "parameters": told}
    assert store_of(stack)["configuration"]["destinationPath"] == "s3://seawall-backups/kind"
    assert store_of(stack)["retentionPolicy"] == "14d"


def test_a_copy_is_made_at_once_and_each_day(stack):
    """By the plugin, of the Cluster; the first field of its schedule is the seconds."""
    spec = stack.one("ScheduledBackup").inputs["spec"]
    assert (spec["schedule"], spec["immediate"]) == ("0 0 2 * * *", True)
    assert spec["cluster"]["name"] == stack.one("Cluster").manifest_name
    assert (spec["method"], spec["pluginConfiguration"]["name"]) == ("plugin", PLUGIN)


def test_all_of_it_is_where_the_operator_is(stack):
    """The plugin has to be; the store and its keys are looked for beside the Cluster."""
    releases = {each.inputs["chart"]: each.inputs["namespace"] for each in stack.of("Release")}
    assert releases["plugin-barman-cloud"] == releases["cloudnative-pg"] == "stores"
    made = [stack.one(kind) for kind in (*KINDS, "Cluster")] + [stack.one("Secret", "postgres-backup")]
    assert {each.inputs["metadata"]["namespace"] for each in made} == {"stores"}


def test_the_keys_are_in_a_secret_of_the_store_alone(stack):
    """Encrypted in Pulumi's state, named by the store, and told to no service."""
    kept = stack.one("Secret", "postgres-backup").inputs["stringData"]
    assert kept[SECRET_MARK] == IS_SECRET
    assert kept["value"] == {"access-key-id": "the id of a key", "secret-access-key": "the key itself"}
    named = store_of(stack)["configuration"]["s3Credentials"].values()
    assert {each["name"] for each in named} == {"postgres-backup"}
    assert {each["key"] for each in named} == set(kept["value"])
    configured = stack.one("Secret", "configured").inputs["stringData"]["value"]
    assert not {key for key in SECRETS if key.startswith("backup_")} & set(configured)


def test_a_store_that_is_not_of_aws_is_reached_by_its_url():
    """In its region, and without the checksums that only AWS knows; AWS's own gets neither."""
    there = store_of(backed_up(endpoint="https://minio.example:9000", region="garage"))
    assert there["configuration"]["endpointURL"] == "https://minio.example:9000"
    assert there["configuration"]["s3Credentials"]["region"]["key"] == "region"
    sidecar = there["instanceSidecarConfiguration"]
    assert {each["value"] for each in sidecar["env"]} == {"when_required"}
    of_aws = store_of(backed_up())
    assert "endpointURL" not in of_aws["configuration"]
    assert "env" not in of_aws["instanceSidecarConfiguration"]


def test_hours_archive_and_retention_follow_the_settings():
    """Hours in their order and each once; another life of the cluster has another archive."""
    made = backed_up(at_hours=[22, 4, 10, 4], archive="postgres-2", retention_days=35)
    assert made.one("ScheduledBackup").inputs["spec"]["schedule"] == "0 0 4,10,22 * * *"
    [archiver] = made.one("Cluster").inputs["spec"]["plugins"]
    assert archiver["parameters"]["serverName"] == "postgres-2"
    assert store_of(made)["retentionPolicy"] == "35d"


def test_a_backup_brings_cert_manager_along():
    """Also where the door has no certificate: operator and plugin know each other by theirs."""
    made = run_stack("kind", edge="null", **BACKED_UP)
    assert "cert-manager" in {each.inputs["chart"] for each in made.of("Release")}
    assert not made.of("Certificate")


def test_no_rule_is_broken_by_it(stack):
    """Those that hold for all that a stack asks for."""
    assert violations(stack.resources, production=False) == []


def test_the_runbook_restores_what_is_kept(stack):
    """Its Cluster reads the store and the archive of ours, with our PostgreSQL, and our limits, beside it."""
    [told] = re.findall(r"```yaml\n(.*?)```", RUNBOOK.read_text(), re.DOTALL)
    restored = yaml.safe_load(told)
    ours = stack.one("Cluster").inputs
    source = restored["spec"]["bootstrap"]["recovery"]["source"]
    [kept] = [each["plugin"] for each in restored["spec"]["externalClusters"] if each["name"] == source]
    [archiver] = ours["spec"]["plugins"]
    assert (kept["name"], kept["parameters"]) == (archiver["name"], archiver["parameters"])
    for key in ("imageName", "storage", "postgresql"):
        assert restored["spec"][key] == ours["spec"][key]
    assert restored["metadata"]["namespace"] == ours["metadata"]["namespace"]
    assert restored["metadata"]["name"] != ours["metadata"]["name"]
    assert "plugins" not in restored["spec"]


def test_the_runbook_names_every_database(stack):
    """One that is left out would stay at another moment than the others."""
    [named] = re.findall(r"for name in ([a-z ]+); do", RUNBOOK.read_text())
    assert named.split() == sorted(each.inputs["spec"]["name"] for each in stack.of("Database"))
