"""The configuration of a stack: what is refused, and how it is told."""

import pytest

from settings import SECRETS, Settings, SettingsError, read_settings
from unit.infra.program import SECRET, STACKS, run_stack

GOOD = {
    "platform": "kind",
    "domain": "shop.localhost",
    "images": {"registry": "localhost:5001/seawall", "tag": "latest"},
    "operator_password": SECRET,
    "signing_key": SECRET,
}
BACKUP = {"destination": "s3://backups/kind"}
BACKUP_KEYS = {"backup_access_key_id": SECRET, "backup_secret_access_key": SECRET}
ALL_SECRETS = GOOD | {"observability": {"alerts": "slack"}, "alerts_secret": SECRET}
ALL_SECRETS |= {"stores": {"postgres_backup": BACKUP}, **BACKUP_KEYS}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"scalling": {}}, "seawall:scalling: unknown; did you mean 'scaling'?"),
        (
            {"scaling": {"min_replica": 3}},
            "seawall:scaling.min_replica: unknown; did you mean 'min_replicas'?",
        ),
        ({"wholly_strange": 1}, "seawall:wholly_strange: unknown"),
        ({"domain": None}, "seawall:domain: Input should be a valid string"),
        (
            {"scaling": {"min_replicas": 9, "max_replicas": 3}},
            "seawall:scaling: min_replicas is above max_replicas",
        ),
        ({"aws": {"regio": "x"}}, "seawall:aws.regio: unknown; did you mean 'region'?"),
        (
            {"images": {"registry": "r", "digests": {"orders": "latest"}}},
            "seawall:images.digests.orders: String should match pattern '^sha256:[0-9a-f]{64}$'",
        ),
        (
            {"production": True},
            "seawall:provider_url: production needs a payment provider; the simulator charges nobody",
        ),
        (
            {"production": True, "provider_url": "https://p.example"},
            "seawall:observability.alerts: production needs somebody whom alerts reach",
        ),
        (
            {"observability": {"alerts": "slack"}},
            "seawall:alerts_secret: belongs to observability.alerts, and is needed by it",
        ),
        (
            {"alerts_secret": SECRET},
            "seawall:alerts_secret: belongs to observability.alerts, and is needed by it",
        ),
        (
            {"stores": {"documents_members": 2}},
            "seawall:stores.documents_members: Input should be 1, 3, 5 or 7",
        ),
        (
            {"stores": {"documents_storage_gib": 20_000}},
            "seawall:stores.documents_storage_gib: Input should be less than or equal to 16384",
        ),
        (
            {"stores": {"graph_storage_gib": 0}},
            "seawall:stores.graph_storage_gib: Input should be greater than or equal to 1",
        ),
        (
            {"stores": {"graph_memory_mib": 1024}},
            "seawall:stores.graph_memory_mib: Input should be greater than or equal to 2048",
        ),
        ({"platform": "aws"}, "seawall:aws: belongs to platform aws, and to no other"),
        (
            {"stores": {"postgres_backup": BACKUP}},
            "seawall:backup_access_key_id: belongs to stores.postgres_backup, and is needed by it",
        ),
        (
            {"stores": {"postgres_backup": BACKUP}, "backup_access_key_id": SECRET},
            "seawall:backup_secret_access_key: belongs to stores.postgres_backup, and is needed by it",
        ),
        (
            {"backup_secret_access_key": SECRET},
            "seawall:backup_secret_access_key: belongs to stores.postgres_backup, and is needed by it",
        ),
    ],
)
def test_a_fault_is_one_line_with_its_key(change, fault):
    """A wrong value, an unknown key, a missing one: a line each, with the nearest known key."""
    with pytest.raises(SettingsError) as raised:
        read_settings(GOOD | change, SECRETS)
    assert fault in str(raised.value).splitlines()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"destination": "/backups"}, "destination: String should match pattern"),
        ({"destination": "s3://backups/kind/"}, "destination: String should match pattern"),
        ({"endpoint": "minio:9000"}, "endpoint: String should match pattern"),
        ({"archive": "Postgres 2"}, "archive: String should match pattern"),
        ({"retention_days": 0}, "retention_days: Input should be greater than or equal to 1"),
        ({"at_hours": []}, "at_hours: List should have at least 1 item"),
        ({"at_hours": [24]}, "at_hours.0: Input should be less than or equal to 23"),
        ({"schedule": "0 2 * * *"}, "schedule: unknown"),
    ],
)
def test_a_fault_of_a_backup_is_told_by_its_key(change, fault):
    """In one line, before a backup would be missed."""
    given = {"stores": {"postgres_backup": BACKUP | change}, **BACKUP_KEYS}
    with pytest.raises(SettingsError, match=rf"^seawall:stores\.postgres_backup\.{fault}"):
        read_settings(GOOD | given, SECRETS)


AWS = {
    "region": "eu-central-1",
    "admin_roles": ["arn:aws:iam::111122223333:role/platform-admin"],
    "hosted_zone_id": "Z1",
    "postgres_authority": "-----BEGIN CERTIFICATE-----\nabc\n",
    "node_groups": {"core": {"instance_types": ["m8g.large"], "min_nodes": 3, "max_nodes": 6}},
}
GROUP = {"instance_types": ["m8g.large"], "min_nodes": 3, "max_nodes": 6}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"vpc_cidr": "10.40.0.0/24"}, "aws: vpc_cidr: a private range of /16 to /20"),
        ({"vpc_cidr": "8.8.0.0/16"}, "aws: vpc_cidr: a private range of /16 to /20"),
        ({"zones": 2}, "aws.zones: Input should be greater than or equal to 3"),
        (
            {"node_groups": {"core": GROUP | {"instance_types": ["m8g.large", "m7i.large"]}}},
            "aws.node_groups.core: instance_types: arm64 and amd64 in one group; images are built for one",
        ),
        (
            {"node_groups": {"core": GROUP | {"min_nodes": 7}}},
            "aws.node_groups.core: min_nodes is above max_nodes",
        ),
        (
            {"node_groups": {"burst": GROUP | {"capacity": "spot"}}},
            "aws: node_groups: one on-demand group needs min_nodes, for what scales the others",
        ),
        (
            {"postgres_authority": "none"},
            "aws.postgres_authority: String should match pattern '^-----BEGIN CERTIFICATE-----\n'",
        ),
    ],
)
def test_a_fault_of_aws_is_told_by_its_key(change, fault):
    """What AWS would refuse, or what would not hold, is refused before AWS is asked."""
    with pytest.raises(SettingsError) as raised:
        read_settings(GOOD | {"platform": "aws", "aws": AWS | change}, SECRETS)
    assert f"seawall:{fault}" in str(raised.value)


def test_a_backup_is_of_kind():
    """On AWS Aurora keeps its own: the setting is refused."""
    given = {"platform": "aws", "aws": AWS, "stores": {"postgres_backup": BACKUP}, **BACKUP_KEYS}
    with pytest.raises(SettingsError, match=r"^seawall:stores\.postgres_backup: belongs to platform kind"):
        read_settings(GOOD | given, SECRETS)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_in_plain_text_is_refused(secret):
    """A secret that is not encrypted in the stack's file is refused by name, and not shown."""
    with pytest.raises(SettingsError, match=f"^seawall:{secret}: is in plain text") as raised:
        read_settings(ALL_SECRETS, set(SECRETS) - {secret})
    assert SECRET not in str(raised.value)


def test_production_takes_no_image_by_tag():
    """In production each service has a digest; the one that lacks it is named."""
    production = {"production": True, "provider_url": "https://p.example"}
    settings = Settings.model_validate(ALL_SECRETS | production)
    with pytest.raises(SettingsError, match=r"^seawall:images\.digests: orders has none"):
        settings.check_services(["orders"])


def test_a_setting_of_no_service_is_refused():
    """A digest, a floor or a migration of no service is refused, with the nearest that there is."""
    settings = Settings.model_validate(GOOD | {"contract_migrations": ["order"]})
    with pytest.raises(SettingsError, match="contract_migrations: no service 'order'; did you mean 'orders'"):
        settings.check_services(["orders", "payments"])


@pytest.mark.parametrize("store", ["documents", "graph"])
def test_a_store_that_a_workload_needs_has_to_be_on(store):
    """A line that names the switch and the workload; nothing is said once it is on."""
    stores_of = {"orders": {"postgres"}, "reviews": {"kafka", store}}
    with pytest.raises(
        SettingsError, match=rf"^seawall:stores\.{store}: is off, .* workload 'reviews' [^\n]*$"
    ):
        Settings.model_validate(GOOD).check_stores(stores_of)
    Settings.model_validate(GOOD | {"stores": {store: True}}).check_stores(stores_of)


@pytest.mark.parametrize("stack", STACKS)
def test_each_stack_comes_up(stack):
    """The real program runs to its end on the real configuration of each stack."""
    assert run_stack(stack).resources


def test_nothing_is_made_of_a_wrong_configuration():
    """A wrong setting ends the program before it asks for anything."""
    with pytest.raises(SettingsError, match=r"scaling\.min_replica"):
        run_stack("kind", scaling='{"min_replica": 1}')
