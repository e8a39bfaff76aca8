"""What a service is given of each managed store, and the Job that makes its database."""

import json

import pytest

from components.aws.kafka_msk import KafkaMsk
from components.aws.postgres_aurora import PostgresAurora
from components.aws.redis_elasticache import RedisElastiCache
from components.aws.store import Setting
from unit.infra.aws_parts import KEY, NAME, cluster_of, network_of
from unit.infra.program import run

USERS = ["orders", "payments"]
DATA = {"10.40.192.0/22", "10.40.196.0/22", "10.40.200.0/22"}


def setting(production=True):
    network = network_of()
    return Setting(NAME, network, cluster_of(network), KEY, production, 30, "shop")


def kafka(users=USERS):
    return KafkaMsk(setting(), brokers=3, instance_type="kafka.m7g.large", storage_gib=20, users=users)


def postgres(users=USERS):
    return PostgresAurora(setting(), instances=3, instance_class="db.r8g.large", authority="PEM", users=users)


def redis(replicas=1):
    return RedisElastiCache(setting(), node_type="cache.r7g.large", replicas=replicas, users=USERS)


def template(made, name):
    spec = made.one("ExternalSecret", name).inputs["spec"]
    return spec["target"]["template"]["data"], spec["dataFrom"][0]["extract"]["key"]


@pytest.mark.parametrize(
    ("store", "variable", "secret", "url"),
    [
        (
            postgres,
            "database_url",
            f"{NAME}/postgres/orders",
            "postgresql://{{ .username }}:{{ .password }}@seawall-test-postgres.cluster.eu-central-1"
            ".rds.amazonaws.com:5432/orders?sslmode=verify-full"
            "&sslrootcert=/run/secrets/seawall/postgres_authority",
        ),
        (
            redis,
            "valkey_url",
            f"{NAME}/redis/orders",
            "rediss://{{ .username }}:{{ .password }}@master.seawall-test-redis.cache.amazonaws.com:6379/0",
        ),
        (
            kafka,
            "broker_url",
            f"AmazonMSK_{NAME}_orders",
            "kafkas://{{ .username }}:{{ .password }}@"
            + ",".join(
                f"b-{at}.seawall-test-kafka.kafka.eu-central-1.amazonaws.com:9096" for at in (1, 2, 3)
            ),
        ),
    ],
)
def test_a_service_gets_its_own_url_by_tls(store, variable, secret, url):
    """A secret of its own user, in a form that the libs read, and the stores' subnets to connect to."""
    given = []
    made = run(lambda: given.append(store().access("orders")))
    data, remote = template(made, f"orders-{store.__name__}")
    assert (data, remote) == ({variable: url}, secret)
    [access] = given
    assert set(access.secrets) == {variable}
    assert access.secrets[variable].key == variable
    assert {d.cidr for d in access.destinations} == DATA


def test_a_service_that_uses_no_kafka_has_no_user_there():
    """Access to a store is for those that the workloads name."""
    with pytest.raises(KeyError, match="catalog"):
        run(lambda: kafka().access("catalog"))


def test_msk_reads_each_secret_and_no_other():
    """A secret of MSK has the name that it wants, and a policy for it alone."""
    made = run(kafka)
    secrets = {s.inputs["name"] for s in made.of("secretsmanager/secret:Secret")}
    assert secrets == {f"AmazonMSK_{NAME}_{user}" for user in USERS}
    for policy in made.of("secretsmanager/secretPolicy:SecretPolicy"):
        [statement] = json.loads(policy.inputs["policy"])["Statement"]
        assert statement["Principal"] == {"Service": "kafka.amazonaws.com"}
        assert statement["Resource"] == policy.inputs["secretArn"]
    assert len(made.of("SingleScramSecretAssociation")) == 2


def test_valkey_knows_only_the_services():
    """Each service is a user without dangerous commands, and the user `default` is off."""
    users = {u.inputs["userName"]: u.inputs["accessString"] for u in run(redis).of("elasticache/user:User")}
    assert users == {
        "default": "off ~* -@all",
        "orders": "on ~* &* +@all -@admin -@dangerous",
        "payments": "on ~* &* +@all -@admin -@dangerous",
    }


def test_a_lone_valkey_promises_no_failover():
    """Without a replica there is nothing to fail over to, and AWS refuses to be asked for it."""
    group = run(lambda: redis(replicas=0)).one("elasticache/replicationGroup:ReplicationGroup").inputs
    assert (group["numCacheClusters"], group["automaticFailoverEnabled"], group["multiAzEnabled"]) == (
        1,
        False,
        False,
    )


def test_the_job_has_the_passwords_as_files():
    """No password is in its environment but the master's, from a Secret; it runs without any right."""
    made = run(lambda: postgres().make_databases(None))
    pod = made.one("Job").inputs["spec"]["template"]["spec"]
    [container] = pod["containers"]
    plain = {each["name"]: each["value"] for each in container["env"] if "value" in each}
    assert plain["SERVICES"] == "orders payments"
    assert plain["PGSSLMODE"] == "verify-full"
    [volume] = [v for v in pod["volumes"] if v["name"] == "passwords"]
    assert [s["secret"]["name"] for s in volume["projected"]["sources"]] == [
        "postgres-orders",
        "postgres-payments",
    ]
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["resources"]["limits"] == {"memory": "64Mi"}


def test_the_job_reaches_the_database_and_nothing_else():
    """It has the master's password: what it could tell goes nowhere but to names and to PostgreSQL."""
    policy = run(lambda: postgres().make_databases(None)).one("NetworkPolicy").inputs["spec"]
    assert "ingress" not in policy
    names, stores = policy["egress"]
    assert {each["port"] for each in names["ports"]} == {53}
    assert [each["port"] for each in stores["ports"]] == [5432]
    assert {each["ipBlock"]["cidr"] for each in stores["to"]} == DATA


def test_another_service_is_another_job():
    """A Job is never changed in place: its name tells its list of services."""

    def job_of(users):
        return run(lambda: postgres(users=users).make_databases(None)).one("Job").manifest_name

    assert job_of(["orders"]) == job_of(["orders"]) != job_of(USERS)
