"""What compose.yaml says, from the devstack's catalogue of services."""

from typing import Any

import yaml

from tools.compose.wiring import GRPC, PASSWORD, PUBLIC, SIGNING_KEY, wiring
from tools.devstack.services import DATABASES, GATEWAY, KAFKA, POSTGRES, SERVICES, VALKEY, Service

HEAD = """\
# The shop from its images, on one machine. Written by a program, from the services of `./pants up`:
#   ./pants run src/python/tools/compose/cli.py > compose.yaml
# The images: docs/images.md.
# The signing key: `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out signing-key.pem`.
# User 10001 has to be able to read it.
#   SEAWALL_PASSWORD=letters0and1digits SEAWALL_SIGNING_KEY=signing-key.pem docker compose up
"""
DATABASE_SCRIPT = "databases.sh"
KAFKA_SETTINGS = {
    "KAFKA_NODE_ID": "1",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
    "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{KAFKA}:9092",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@{KAFKA}:9093",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
}


class _Dumper(yaml.SafeDumper):
    """Scripts as they are, line by line."""

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Text of several lines in a block."""
        return self.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)

    def ignore_aliases(self, data: Any) -> bool:
        """Everything in full."""
        return True


_Dumper.add_representer(str, _Dumper.represent_str)


def compose_text() -> str:
    """The whole file."""
    return HEAD + yaml.dump(document(), Dumper=_Dumper, sort_keys=False, width=110)


def document() -> dict[str, Any]:
    """Servers, services in the devstack's order, and what they are given as files."""
    return {
        "name": "seawall",
        "services": _servers() | {name: _service(each) for name, each in SERVICES.items()},
        "configs": {DATABASE_SCRIPT: {"content": _database_script()}},
        "secrets": {SIGNING_KEY.name: {"file": "${SEAWALL_SIGNING_KEY:?}"}},
        "volumes": {"postgres": {}},
    }


def _servers() -> dict[str, Any]:
    target = f"/docker-entrypoint-initdb.d/{DATABASE_SCRIPT}"
    return {
        POSTGRES: {
            "image": "postgres:18.1-alpine3.22",
            "environment": {"POSTGRES_PASSWORD": PASSWORD, "SEAWALL_PASSWORD": PASSWORD},
            "configs": [{"source": DATABASE_SCRIPT, "target": target}],
            "volumes": [f"{POSTGRES}:/var/lib/postgresql"],
        },
        VALKEY: {"image": "valkey/valkey:8.1.4-alpine3.22"},
        KAFKA: {"image": "apache/kafka:4.1.1", "environment": KAFKA_SETTINGS},
    }


def _database_script() -> str:
    """A role and a database for each service; $$ is compose's way to write one $."""
    return (
        "set -eu\n"
        f"for name in {' '.join(DATABASES)}; do\n"
        "  psql --username postgres --set ON_ERROR_STOP=1 \\\n"
        "    --set name=$$name --set password=$$SEAWALL_PASSWORD <<'SQL'\n"
        "CREATE ROLE :\"name\" LOGIN PASSWORD :'password';\n"
        'CREATE DATABASE :"name" OWNER :"name";\n'
        'REVOKE ALL ON DATABASE :"name" FROM PUBLIC;\n'
        "SQL\n"
        "done\n"
    )


def _service(service: Service) -> dict[str, Any]:
    environment = dict(service.environment(wiring()))
    given: dict[str, Any] = {
        "image": f"seawall/{service.name}:${{SEAWALL_TAG:-latest}}",
        "environment": environment,
        "depends_on": [*service.servers, *service.starts_after],
        # As in Kubernetes: nothing is written but to /tmp, and nobody has rights.
        "read_only": True,
        "tmpfs": ["/tmp"],  # noqa: S108
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "restart": "on-failure",
    }
    if "grpc" in service.ports:
        environment["SEAWALL_GRPC_PORT"] = str(GRPC)
    if "SEAWALL_SIGNING_KEY_FILE" in environment:
        given["secrets"] = [SIGNING_KEY.name]
    if service.name == GATEWAY:
        # Names, which are looked up again; the devstack has addresses.
        environment["SEAWALL_ENDPOINTS_DNS"] = environment.pop("SEAWALL_ENDPOINTS")
        environment["SEAWALL_LISTEN_HOST"] = "0.0.0.0"  # noqa: S104 within its container
        given["ports"] = [f"127.0.0.1:{PUBLIC}:{PUBLIC}"]
    return {key: value for key, value in given.items() if value != []}
