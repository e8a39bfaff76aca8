"""What one `up` will run: every port, password and address settled before anything is started."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from tools.devstack.containers import container_command, container_environment
from tools.devstack.data_dir import DataDir
from tools.devstack.failures import DevstackError
from tools.devstack.jars import default_cache
from tools.devstack.options import UpOptions
from tools.devstack.ports import LOOPBACK, choose_ports, require_free
from tools.devstack.psql import create_database
from tools.devstack.secrets_file import OPERATOR_EMAIL, Secrets, ensure_signing_key
from tools.devstack.servers.kafka import KafkaServer
from tools.devstack.servers.postgres import PostgresServer
from tools.devstack.servers.valkey import ValkeyServer
from tools.devstack.service_server import ServiceServer
from tools.devstack.services import (
    DATABASES,
    GATEWAY,
    KAFKA,
    POSTGRES,
    PUBLIC_PORT,
    VALKEY,
    Service,
    Wiring,
    instance_names,
    selected,
    service_command,
    service_environment,
)
from tools.devstack.unit import Unit


@dataclass(frozen=True)
class Plan:
    """The units in the order of their names' dependencies, and how they reach each other."""

    units: tuple[Unit, ...]
    wiring: Wiring

    @property
    def postgres_url(self) -> str:
        """The superuser's URL, once PostgreSQL is up; empty if it is left out."""
        servers = (unit.server for unit in self.units)
        return next((server.url for server in servers if isinstance(server, PostgresServer)), "")


def make_plan(options: UpOptions, data_dir: DataDir) -> Plan:
    """Chooses ports, makes passwords and keys. Raises DevstackError if the public port is taken."""
    services = selected(options.only)
    replicas = dict(options.replicas)
    instances = {
        service.name: instance_names(service.name, replicas.get(service.name, 1)) for service in services
    }
    for name in replicas:
        if name not in instances:
            raise DevstackError(f"--replicas names {name}, which --only leaves out")
    ports = _ports(options, data_dir, services, instances)
    secrets = Secrets(data_dir.path)
    wiring = Wiring(
        ports=ports,
        instances=instances,
        database_urls={name: _database_url(name, secrets, ports) for name in DATABASES},
        broker_url=f"kafka://{LOOPBACK}:{ports[KAFKA]}",
        valkey_url=f"redis://{LOOPBACK}:{ports[VALKEY]}/0",
        signing_key_file=ensure_signing_key(data_dir.path),
        operator_email=OPERATOR_EMAIL,
        operator_password=secrets.password("operator"),
        gateway_folder=data_dir.path / GATEWAY,
    )
    units = _server_units(services, data_dir, ports, secrets) + _service_units(
        services, data_dir, wiring, options.images
    )
    return Plan(tuple(units), wiring)


def _ports(
    options: UpOptions, data_dir: DataDir, services: list[Service], instances: Mapping[str, tuple[str, ...]]
) -> dict[str, int]:
    names = [POSTGRES, VALKEY, KAFKA]
    names += [
        f"{instance}.{port}"
        for service in services
        for instance in instances[service.name]
        for port in service.ports
    ]
    fixed = {}
    if options.port and PUBLIC_PORT in names:
        require_free(options.port, "--port")
        fixed[PUBLIC_PORT] = options.port
    return choose_ports(names, data_dir.path, fixed=fixed)


def _database_url(name: str, secrets: Secrets, ports: Mapping[str, int]) -> str:
    return f"postgresql://{name}:{secrets.password(name)}@{LOOPBACK}:{ports[POSTGRES]}/{name}"


def _server_units(
    services: list[Service], data_dir: DataDir, ports: Mapping[str, int], secrets: Secrets
) -> list[Unit]:
    needed = {server for service in services for server in service.servers}
    owners = [service.name for service in services if service.name in DATABASES]
    postgres = PostgresServer(data_dir.path / POSTGRES, ports[POSTGRES], default_cache())
    valkey = ValkeyServer(data_dir.path / VALKEY, ports[VALKEY], default_cache())
    kafka = KafkaServer(data_dir.path / KAFKA, ports[KAFKA], default_cache())

    async def make_databases() -> None:
        """A database and a role for each service: nobody else can connect to it."""
        for name in owners:
            await asyncio.to_thread(create_database, postgres.url, name, secrets.password(name))

    units = (
        Unit(postgres, data_dir.logs / "postgres.log", after_ready=make_databases),
        Unit(valkey, data_dir.logs / "valkey.log"),
        Unit(kafka, data_dir.logs / "kafka.log"),
    )
    return [unit for unit in units if unit.name in needed]


def _service_units(services: list[Service], data_dir: DataDir, wiring: Wiring, images: str) -> list[Unit]:
    return [
        Unit(
            _service_server(service, instance, data_dir, wiring, images),
            data_dir.logs / f"{instance}.log",
            needs=(*service.servers, *wiring.instances_of(service.starts_after)),
            stops_before=wiring.instances_of(service.stops_before),
        )
        for service in services
        for instance in wiring.instances[service.name]
    ]


def _service_server(
    service: Service, instance: str, data_dir: DataDir, wiring: Wiring, images: str
) -> ServiceServer:
    environment = service_environment(service, instance, wiring)
    command = service_command(service)
    port = wiring.ports[f"{instance}.http"]
    if images:
        environment = container_environment(environment)
        command = container_command(service, instance, port, images, environment)
    return ServiceServer(
        name=instance,
        command=command,
        environment=environment,
        folder=data_dir.path,
        port=port,
        in_container=bool(images),
    )
