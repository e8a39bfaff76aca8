"""The reference, up for the length of a block: PostgreSQL, the provider, and four uvicorn processes."""

import asyncio
import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.bench.processes import import_path, kept_running
from tools.bench.reference import serve
from tools.devstack.ports import LOOPBACK, choose_ports
from tools.devstack.psql import create_database
from tools.devstack.servers.postgres import PostgresServer
from tools.devstack.service_server import ServiceServer
from tools.devstack.services import SERVICES, service_command
from tools.devstack.unit import Unit

# 4 processes serve; the one with the customers' requests and two calls each has two of them.
WORKERS = {"orders": 2, "inventory": 1, "payments": 1}
POSTGRES, PROVIDER = "postgres", "psp_simulator"


@dataclass(frozen=True)
class Running:
    """Where the reference is, and its processes by name."""

    orders_port: int
    inventory_url: str
    processes: Mapping[str, int]


@asynccontextmanager
async def reference_stack() -> AsyncIterator[Running]:
    """Starts all on an empty database, and leaves no process behind. Errors: DevstackError."""
    with tempfile.TemporaryDirectory(prefix="seawall-bench-") as temporary:
        folder = Path(temporary)
        # PostgreSQL may run as another user, who must be able to pass through.
        os.chmod(folder, 0o711)  # noqa: PTH101, S103
        ports = choose_ports([POSTGRES, PROVIDER, *WORKERS], folder, fixed={})
        async with kept_running(_units(folder, ports)) as processes:
            yield Running(ports["orders"], _url(ports["inventory"]), processes)


def _units(folder: Path, ports: Mapping[str, int]) -> list[Unit]:
    postgres = PostgresServer(folder / POSTGRES, ports[POSTGRES])
    password = secrets.token_hex(12)

    async def make_databases() -> None:
        for name in WORKERS:
            await asyncio.to_thread(create_database, postgres.url, name, password)

    return [
        Unit(postgres, folder / "postgres.log", after_ready=make_databases),
        _provider(folder, ports),
        *service_units(
            folder,
            ports,
            databases={name: f"postgresql://{name}:{password}@{postgres.address}/{name}" for name in WORKERS},
            provider_url=_url(ports[PROVIDER]),
            needs=(POSTGRES, PROVIDER),
        ),
    ]


def service_units(
    folder: Path,
    ports: Mapping[str, int],
    *,
    databases: Mapping[str, str],
    provider_url: str,
    needs: tuple[str, ...] = (),
) -> list[Unit]:
    """The three services, each with the URL of its database."""
    shared = {
        "REFERENCE_INVENTORY_URL": _url(ports["inventory"]),
        "REFERENCE_PAYMENTS_URL": _url(ports["payments"]),
        "REFERENCE_PROVIDER_URL": provider_url,
    }
    units = []
    for name, workers in WORKERS.items():
        own = {
            "REFERENCE_PORT": str(ports[name]),
            "REFERENCE_WORKERS": str(workers),
            "REFERENCE_DATABASE_URL": databases[name],
        }
        command = (sys.executable, "-m", serve.__name__, name)
        server = ServiceServer(name, command, {**import_path(), **shared, **own}, folder, ports[name])
        units.append(Unit(server, folder / f"{name}.log", needs=needs))
    return units


def _provider(folder: Path, ports: Mapping[str, int]) -> Unit:
    environment = {**import_path(), "SEAWALL_HOST": LOOPBACK, "SEAWALL_PORT": str(ports[PROVIDER])}
    command = service_command(SERVICES[PROVIDER])
    return Unit(
        ServiceServer(PROVIDER, command, environment, folder, ports[PROVIDER]), folder / f"{PROVIDER}.log"
    )


def _url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"
