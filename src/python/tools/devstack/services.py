"""The services of the shop: what each needs, calls, and is told by its environment."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.devstack.ports import LOOPBACK

PREFIX = "SEAWALL_"
POSTGRES, VALKEY, KAFKA = "postgres", "valkey", "kafka"
GATEWAY = "gateway"


@dataclass(frozen=True)
class Wiring:
    """Every address and secret of one stack, known before anything is started."""

    ports: Mapping[str, int]
    instances: Mapping[str, tuple[str, ...]]
    database_urls: Mapping[str, str]
    broker_url: str
    valkey_url: str
    signing_key_file: Path
    operator_email: str
    operator_password: str
    gateway_folder: Path

    def addresses(self, service: str, port: str = "http") -> list[str]:
        """host:port of each instance of a service."""
        names = self.instances.get(service, ())
        return [f"{LOOPBACK}:{self.ports[f'{name}.{port}']}" for name in names]

    def instances_of(self, services: Iterable[str]) -> tuple[str, ...]:
        """The names of all instances of the services; none of one that is left out."""
        return tuple(name for service in services for name in self.instances.get(service, ()))

    @property
    def gateway_url(self) -> str:
        """The public address; empty if the gateway is left out."""
        return f"http://{LOOPBACK}:{self.ports[PUBLIC_PORT]}" if self.instances.get(GATEWAY) else ""

    @property
    def provider_url(self) -> str:
        """The payment provider's address; empty if it is left out."""
        return "".join(f"http://{address}" for address in self.addresses("psp_simulator")[:1])


PUBLIC_PORT = f"{GATEWAY}.public"
_OF_THE_CALLER = frozenset({"SEAWALL_OTLP_ENDPOINT", "SEAWALL_TRACE_SAMPLE_RATIO"})


@dataclass(frozen=True)
class Service:
    """One kind of service.

    `calls` are the services that it is of no use without, `starts_after` those that must be ready before
    it, `stops_before` those that it leads callers to. To a `routed` one the gateway leads.
    """

    name: str
    environment: Callable[[Wiring], Mapping[str, str]]
    servers: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    starts_after: tuple[str, ...] = ()
    stops_before: tuple[str, ...] = ()
    ports: tuple[str, ...] = ("http",)
    replicable: bool = True
    routed: bool = False


def stored(name: str) -> Callable[[Wiring], Mapping[str, str]]:
    """The environment of a service that has a database, and nothing else."""
    return lambda wiring: {"SEAWALL_DATABASE_URL": wiring.database_urls[name]}


def _accounts(wiring: Wiring) -> Mapping[str, str]:
    return {
        "SEAWALL_DATABASE_URL": wiring.database_urls["accounts"],
        "SEAWALL_SIGNING_KEY_FILE": str(wiring.signing_key_file),
        "SEAWALL_VALKEY_URL": wiring.valkey_url,
        "SEAWALL_OPERATOR_EMAIL": wiring.operator_email,
        "SEAWALL_OPERATOR_PASSWORD": wiring.operator_password,
    }


def _catalog(wiring: Wiring) -> Mapping[str, str]:
    return _with_broker("catalog", wiring) | {"SEAWALL_VALKEY_URL": wiring.valkey_url, "SEAWALL_SEED": "true"}


def _inventory(wiring: Wiring) -> Mapping[str, str]:
    return _with_broker("inventory", wiring) | {"SEAWALL_VALKEY_URL": wiring.valkey_url}


def _orders(wiring: Wiring) -> Mapping[str, str]:
    target = ",".join(wiring.addresses("inventory", "grpc"))
    return _with_broker("orders", wiring) | {"SEAWALL_INVENTORY_TARGET": target}


def _payments(wiring: Wiring) -> Mapping[str, str]:
    return _with_broker("payments", wiring) | {"SEAWALL_PROVIDER_URL": wiring.provider_url}


def _storefront(wiring: Wiring) -> Mapping[str, str]:
    return {"SEAWALL_API_URL": wiring.gateway_url}


def _psp_simulator(_wiring: Wiring) -> Mapping[str, str]:
    """A provider's log is not ours to read, and a line for each call is an eighth of its work."""
    return {"SEAWALL_LOG_LEVEL": "WARNING"}


def _gateway(wiring: Wiring) -> Mapping[str, str]:
    return {
        "SEAWALL_LISTEN_HOST": LOOPBACK,
        "SEAWALL_LISTEN_PORT": str(wiring.ports[PUBLIC_PORT]),
        "SEAWALL_ADMIN_PORT": str(wiring.ports[f"{GATEWAY}.admin"]),
        "SEAWALL_XDS_DIR": str(wiring.gateway_folder),
        "SEAWALL_VALKEY_URL": wiring.valkey_url,
        "SEAWALL_ENDPOINTS": ",".join(f"{name}={'+'.join(wiring.addresses(name))}" for name in ROUTED),
    }


def _with_broker(name: str, wiring: Wiring) -> dict[str, str]:
    return {"SEAWALL_DATABASE_URL": wiring.database_urls[name], "SEAWALL_BROKER_URL": wiring.broker_url}


def _calling(called: str, **options: Any) -> Service:
    """A service that is not ready without another one."""
    return Service(calls=(called,), starts_after=(called,), **options)


_SHOP = (
    Service("accounts", _accounts, servers=(POSTGRES, VALKEY), routed=True),
    Service("catalog", _catalog, servers=(POSTGRES, VALKEY, KAFKA), routed=True),
    Service("inventory", _inventory, servers=(POSTGRES, VALKEY, KAFKA), ports=("http", "grpc"), routed=True),
    _calling("inventory", name="orders", environment=_orders, servers=(POSTGRES, KAFKA), routed=True),
    Service("psp_simulator", _psp_simulator, replicable=False),
    _calling("psp_simulator", name="payments", environment=_payments, servers=(POSTGRES, KAFKA)),
    Service("storefront", _storefront, calls=(GATEWAY,), routed=True),
    # `./pants new-service` adds here.
)
ROUTED = tuple(service.name for service in _SHOP if service.routed)
DATABASES = tuple(service.name for service in _SHOP if POSTGRES in service.servers)
_EDGE = _calling(
    "accounts",
    name=GATEWAY,
    environment=_gateway,
    servers=(VALKEY,),
    ports=("http", "public", "admin"),
    stops_before=ROUTED,
    replicable=False,
)
SERVICES: Mapping[str, Service] = {service.name: service for service in (*_SHOP, _EDGE)}
NAMES = tuple(SERVICES)
REPLICABLE = tuple(name for name, service in SERVICES.items() if service.replicable)


def selected(only: Iterable[str]) -> list[Service]:
    """The named services and all that they call, in the catalogue's order; all of them if none is named."""
    wanted = list(only) or list(SERVICES)
    found: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            wanted.extend(SERVICES[name].calls)
    return [service for name, service in SERVICES.items() if name in found]


def instance_names(service: str, count: int) -> tuple[str, ...]:
    """orders, orders-2, orders-3."""
    return (service, *(f"{service}-{number}" for number in range(2, count + 1)))


def service_command(service: Service) -> tuple[str, ...]:
    """How an instance is started: with the interpreter that runs us."""
    return (sys.executable, "-m", f"services.{service.name}")


def service_environment(
    service: Service, instance: str, wiring: Wiring, inherited: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The caller's environment without its SEAWALL_ settings, with ours, and with our import path.

    Whether spans are made, and where they go, is the caller's to say.
    """
    kept = {
        name: value
        for name, value in inherited.items()
        if not name.startswith(PREFIX) or name in _OF_THE_CALLER
    }
    ours = {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONUNBUFFERED": "1",
        "SEAWALL_HOST": LOOPBACK,
        "SEAWALL_PORT": str(wiring.ports[f"{instance}.http"]),
    }
    if "grpc" in service.ports:
        ours["SEAWALL_GRPC_PORT"] = str(wiring.ports[f"{instance}.grpc"])
    return kept | ours | dict(service.environment(wiring))
