"""A stack on kind with a backup of PostgreSQL, and the runbook that restores it, before a real API server."""

import copy
import json
import re
from pathlib import Path

import pytest

from applied.applying import Applier
from applied.lab import Refused, running_lab
from recording import record_stack

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbooks" / "restore.md"
BACKUP = {
    "destination": "s3://backups/kind",
    "endpoint": "https://minio.example:9000",
    "region": "eu-1",
    "at_hours": [2, 14],
}
DRY_RUN = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename=-")


@pytest.fixture(scope="module")
def applier(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("lab")) as lab:
        made = Applier(lab=lab)
        record_stack(
            "kind",
            recorder=made,
            stores=json.dumps({"postgres_backup": BACKUP}),
            backup_access_key_id="an id",
            backup_secret_access_key="a key",
        )
        yield made


def applied(applier, kind):
    [found] = [each for each in applier.applied if each["kind"] == kind]
    return copy.deepcopy(found)


def test_the_server_takes_all_of_it(applier):
    """The store, its schedule and the Cluster's plugin, by the definitions of plugin and operator."""
    assert applier.refused == []
    assert {"ObjectStore", "ScheduledBackup"} <= {each["kind"] for each in applier.applied}
    kept = applier.lab.kubectl(
        "get", "cluster.postgresql.cnpg.io", "postgres", "-n", "stores", "--output=jsonpath={.spec.plugins}"
    )
    assert json.loads(kept)[0]["isWALArchiver"] is True


def test_the_runbooks_cluster_is_one(applier):
    """What docs/runbooks/restore.md tells to apply: the server takes it, and finds a misspelt word."""
    [told] = re.findall(r"```yaml\n(.*?)```", RUNBOOK.read_text(), re.DOTALL)
    told = re.sub(r"^   ", "", told, flags=re.MULTILINE)
    assert "postgres-restored" in applier.lab.kubectl(*DRY_RUN, manifest=told)
    with pytest.raises(Refused, match="recoveryTargets"):
        applier.lab.kubectl(*DRY_RUN, manifest=told.replace("recoveryTarget:", "recoveryTargets:"))


def compressed_in_another_way(store):
    store["spec"]["configuration"]["wal"]["compression"] = "zip"


def named_in_the_store(store):
    store["spec"]["configuration"]["serverName"] = "postgres"


def retained_in_words(store):
    store["spec"]["retentionPolicy"] = "two weeks"


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (compressed_in_another_way, "Unsupported value"),
        (named_in_the_store, "use the 'serverName' plugin parameter"),
        (retained_in_words, "spec.retentionPolicy"),
    ],
)
def test_a_store_that_the_plugin_would_not_take_is_refused(applier, plant, words):
    """By rules of its definition, which are therefore looked at."""
    planted = applied(applier, "ObjectStore")
    plant(planted)
    with pytest.raises(Refused, match=words):
        applier.lab.kubectl(*DRY_RUN, manifest=json.dumps(planted))
