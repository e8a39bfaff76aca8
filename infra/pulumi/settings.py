"""The typed configuration of a stack, the only reader of Pulumi's configuration.

Every key of a `Pulumi.<stack>.yaml` is a field here. What is unknown, missing or wrong is told in one line
each, which names the key and, for an unknown one, the nearest that is known, before anything is applied.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

NAMESPACE = "seawall"
Receiver = Literal["webhook", "slack", "pagerduty", "none"]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Host = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$", max_length=253)]
Name = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$")]


class Strict(BaseModel):
    """No key that is not known, and nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Images(Strict):
    """Where the images are: `<registry>/<service>`, by digest; outside of production also by tag."""

    registry: Annotated[str, Field(min_length=1)]
    tag: str = ""
    digests: dict[str, Digest] = Field(default_factory=dict)


class Scaling(Strict):
    """Pods by HPA: requests per second come from KEDA or the adapter; nodes come by a switch."""

    pods: Literal["keda", "prometheus-adapter"] = "keda"
    nodes: Literal["cluster-autoscaler", "karpenter"] = "karpenter"
    min_replicas: Annotated[int, Field(ge=1, le=100)] = 3
    max_replicas: Annotated[int, Field(ge=1, le=1000)] = 50
    cpu_percent: Annotated[int, Field(ge=10, le=95)] = 60
    memory_percent: Annotated[int, Field(ge=10, le=95)] = 80
    knee_percent: Annotated[int, Field(ge=10, le=100)] = 70
    headroom_pods: Annotated[int, Field(ge=0, le=200)] = 2

    @model_validator(mode="after")
    def _floor_is_below_the_ceiling(self) -> Self:
        if self.min_replicas > self.max_replicas:
            raise ValueError("min_replicas is above max_replicas")
        return self


class Sale(Strict):
    """A sale that opens at a moment: floors and nodes are raised `ahead` of it and let go at its end."""

    name: Name
    opens_at: AwareDatetime
    lasts: timedelta = timedelta(hours=2)
    ahead: timedelta = timedelta(minutes=30)
    replicas: dict[str, Annotated[int, Field(ge=1, le=1000)]]
    headroom_pods: Annotated[int, Field(ge=0, le=1000)] = 0

    @property
    def starts(self) -> datetime:
        """When the floors are raised."""
        return self.opens_at - self.ahead

    @property
    def ends(self) -> datetime:
        """When they are let go."""
        return self.opens_at + self.lasts


class Observability(Strict):
    """What watches the shop. `amp` and `opensearch` are of AWS only, the `logs_` others are of `eck`.

    `metrics_storage_gib` is the disk of the cluster's Prometheus, which drops the oldest before it is full.
    `alerts` says whom they reach: `alerts_secret` of the stack is the URL, or PagerDuty's key.
    """

    metrics: Literal["prometheus", "amp"] = "prometheus"
    metrics_storage_gib: Annotated[int, Field(ge=1, le=16_384)] = 50
    alerts: Receiver = "none"
    logs: Literal["eck", "opensearch", "none"] = "eck"
    logs_nodes: Annotated[int, Field(ge=1, le=15)] = 3
    logs_storage_gib: Annotated[int, Field(ge=1, le=16_384)] = 50
    logs_days: Annotated[int, Field(ge=1, le=400)] = 14
    traces: Literal["jaeger", "zipkin"] = "jaeger"
    trace_sample_ratio: Annotated[float, Field(ge=0, le=1)] = 0.01


class PostgresBackup(Strict):
    """Where PostgreSQL on kind is backed up to: S3 of AWS, or whatever speaks it at `endpoint`.

    A copy is made at `at_hours` of each day (UTC), and all that is written between them is kept as well, for
    `retention_days`. `archive` is the folder of one cluster's life: one that is made anew needs another.
    """

    destination: Annotated[str, Field(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w.-]+)*$")]
    endpoint: Annotated[str, Field(pattern=r"^https?://[a-z0-9.-]+(:\d{1,5})?$")] | None = None
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] | None = None
    archive: Name = "postgres"
    retention_days: Annotated[int, Field(ge=1, le=400)] = 14
    at_hours: Annotated[list[Annotated[int, Field(ge=0, le=23)]], Field(min_length=1, max_length=24)] = [2]


class Stores(Strict):
    """How large the stores are. `documents` and `graph` are there for services that own such a store."""

    postgres_instances: Annotated[int, Field(ge=1, le=15)] = 3
    postgres_storage_gib: Annotated[int, Field(ge=1, le=65_536)] = 20
    kafka_brokers: Annotated[int, Field(ge=1, le=30)] = 3
    kafka_storage_gib: Annotated[int, Field(ge=1, le=16_384)] = 20
    postgres_backup: PostgresBackup | None = None
    redis_replicas: Annotated[int, Field(ge=0, le=5)] = 1
    redis_memory_mib: Annotated[int, Field(ge=64, le=1_048_576)] = 512
    documents: bool = False
    # An even number of members survives no more losses than one less.
    documents_members: Literal[1, 3, 5, 7] = 3
    documents_storage_gib: Annotated[int, Field(ge=1, le=16_384)] = 10
    graph: bool = False
    graph_storage_gib: Annotated[int, Field(ge=1, le=16_384)] = 10
    # The chart of Neo4j refuses less than 2 GiB.
    graph_memory_mib: Annotated[int, Field(ge=2048, le=1_048_576)] = 2048

    @property
    def switched_off(self) -> tuple[str, ...]:
        """Those that a stack has only when it says so, and this one does not."""
        return tuple(name for name in ("documents", "graph") if not getattr(self, name))


class Edge(Strict):
    """The certificate of the door on kind, for `domain` and `more_hosts`, by an authority in the cluster.

    It is replaced `renew_before_days` before its end. Browsers refuse one that is good for over 398 days.
    """

    more_hosts: list[Host] = Field(default_factory=list)
    certificate_days: Annotated[int, Field(ge=2, le=398)] = 90
    renew_before_days: Annotated[int, Field(ge=1, le=397)] = 30

    @model_validator(mode="after")
    def _is_renewed_after_it_was_made(self) -> Self:
        if 2 * self.renew_before_days > self.certificate_days:
            raise ValueError("renew_before_days is above half of certificate_days")
        return self


Architecture = Literal["arm64", "amd64"]


def architecture_of(instance_type: str) -> Architecture:
    """Graviton's families have a g behind their generation: m8g, c7gn."""
    return "arm64" if re.match(r"[a-z]+\d+g", instance_type) else "amd64"


class NodeGroup(Strict):
    """A managed group of nodes."""

    instance_types: Annotated[list[str], Field(min_length=1)]
    capacity: Literal["on-demand", "spot"] = "on-demand"
    min_nodes: Annotated[int, Field(ge=0, le=500)]
    max_nodes: Annotated[int, Field(ge=1, le=500)]

    @model_validator(mode="after")
    def _one_group_is_one_kind(self) -> Self:
        if self.min_nodes > self.max_nodes:
            raise ValueError("min_nodes is above max_nodes")
        if len({architecture_of(each) for each in self.instance_types}) > 1:
            raise ValueError("instance_types: arm64 and amd64 in one group; images are built for one")
        return self

    @property
    def architecture(self) -> Architecture:
        """Of all its instance types."""
        return architecture_of(self.instance_types[0])


class Aws(Strict):
    """What only the stacks on AWS have."""

    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    zones: Annotated[int, Field(ge=3, le=6)] = 3
    vpc_cidr: IPv4Network = IPv4Network("10.40.0.0/16")
    admin_roles: Annotated[list[str], Field(min_length=1)]
    api_allowed_cidrs: list[IPv4Network] = Field(default_factory=list)
    hosted_zone_id: Annotated[str, Field(pattern=r"^Z[A-Z0-9]+$")]
    node_groups: Annotated[dict[Name, NodeGroup], Field(min_length=1)]
    postgres_instance_class: str = "db.r8g.large"
    kafka_instance_type: str = "kafka.m7g.large"
    redis_node_type: str = "cache.r7g.large"
    documents_instance_class: str = "db.r8g.large"
    logs_instance_type: str = "r7g.large.search"
    logs_storage_gib: Annotated[int, Field(ge=10, le=12_288)] = 100
    retention_days: Literal[7, 14, 30, 60, 90, 180, 365, 400] = 30
    # The region's bundle of https://truststore.pki.rds.amazonaws.com, by which databases are recognised.
    postgres_authority: Annotated[str, Field(pattern="^-----BEGIN CERTIFICATE-----\n")]

    @model_validator(mode="after")
    def _subnets_fit(self) -> Self:
        if not 16 <= self.vpc_cidr.prefixlen <= 20 or not self.vpc_cidr.is_private:
            raise ValueError("vpc_cidr: a private range of /16 to /20")
        if not any(group.capacity == "on-demand" and group.min_nodes for group in self.node_groups.values()):
            raise ValueError("node_groups: one on-demand group needs min_nodes, for what scales the others")
        return self


class Settings(Strict):
    """All of a stack."""

    platform: Literal["kind", "aws"]
    production: bool = False
    domain: Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]
    images: Images
    mesh: Literal["istio", "linkerd", "none"] = "istio"
    scaling: Scaling = Scaling()
    observability: Observability = Observability()
    stores: Stores = Stores()
    edge: Edge | None = None
    sales: list[Sale] = Field(default_factory=list)
    contract_migrations: list[Name] = Field(default_factory=list)
    provider_url: str = ""
    operator_email: str = "operator@shop.example"
    operator_password: SecretStr
    signing_key: SecretStr
    alerts_secret: SecretStr | None = None
    backup_access_key_id: SecretStr | None = None
    backup_secret_access_key: SecretStr | None = None
    aws: Aws | None = None

    @model_validator(mode="after")
    def _platform_has_what_it_needs(self) -> Self:
        if (self.platform == "aws") != (self.aws is not None):
            raise ValueError("aws: belongs to platform aws, and to no other")
        if self.platform != "aws" and {self.observability.metrics, self.observability.logs} & {
            "amp",
            "opensearch",
        }:
            raise ValueError("observability: amp and opensearch are of platform aws")
        if self.edge and self.platform != "kind":
            raise ValueError("edge: belongs to platform kind; on AWS the load balancer ends TLS")
        if self.aws and self.stores.kafka_brokers % self.aws.zones:
            raise ValueError("stores.kafka_brokers: as many in each of aws.zones")
        if self.production and not self.provider_url:
            raise ValueError(
                "provider_url: production needs a payment provider; the simulator charges nobody"
            )
        return self

    @model_validator(mode="after")
    def _alerts_reach_somebody(self) -> Self:
        if (self.observability.alerts == "none") != (self.alerts_secret is None):
            raise ValueError("alerts_secret: belongs to observability.alerts, and is needed by it")
        if self.production and self.alerts_secret is None:
            raise ValueError("observability.alerts: production needs somebody whom alerts reach")
        return self

    @model_validator(mode="after")
    def _backups_have_their_keys(self) -> Self:
        backup = self.stores.postgres_backup
        if backup and self.platform != "kind":
            raise ValueError("stores.postgres_backup: belongs to platform kind; on AWS Aurora has its own")
        for key in BACKUP_KEYS:
            if (getattr(self, key) is None) != (backup is None):
                raise ValueError(f"{key}: belongs to stores.postgres_backup, and is needed by it")
        return self

    @model_validator(mode="after")
    def _floors_of_sales_are_below_the_ceiling(self) -> Self:
        most = self.scaling.max_replicas
        for sale in self.sales:
            for name, replicas in sale.replicas.items():
                if replicas > most:
                    raise ValueError(
                        f"sales.{sale.name}.replicas.{name}: {replicas} is above scaling.max_replicas, {most}"
                    )
        return self

    @property
    def makes_certificates(self) -> bool:
        """Whether any is made in the cluster: for the door, for Linkerd, or for the plugin of backups."""
        return self.edge is not None or self.mesh == "linkerd" or self.stores.postgres_backup is not None

    @property
    def secrets(self) -> dict[str, SecretStr]:
        """What services are told in secret, by its key in the stack's file."""
        return {name: getattr(self, name) for name in SECRETS if name not in OF_NO_SERVICE}

    def check_services(self, names: Collection[str]) -> None:
        """Raises SettingsError where a setting names no service, or production lacks an image's digest."""
        named = [("images.digests", self.images.digests), ("contract_migrations", self.contract_migrations)]
        named += [(f"sales.{sale.name}.replicas", sale.replicas) for sale in self.sales]
        faults = [
            f"{key}: no service {name!r}{_hint(name, names)}"
            for key, of in named
            for name in of
            if name not in names
        ]
        if self.production:
            faults += [
                f"images.digests: {name} has none, and production takes no image by tag"
                for name in sorted(set(names) - set(self.images.digests))
            ]
        if faults:
            raise SettingsError(faults)

    def check_stores(self, stores_of: Mapping[str, Collection[str]]) -> None:
        """Raises SettingsError where a workload, by its name, keeps data in a store that is switched off."""
        faults = [
            f"stores.{store}: is off, and the workload {name!r} keeps data there (workloads.yaml)"
            for name, stores in stores_of.items()
            for store in self.stores.switched_off
            if store in stores
        ]
        if faults:
            raise SettingsError(faults)


class SettingsError(Exception):
    """The configuration is refused; one line for each fault, with its key."""

    def __init__(self, faults: Collection[str]) -> None:
        super().__init__("\n".join(f"{NAMESPACE}:{fault}" for fault in faults))


BACKUP_KEYS = ("backup_access_key_id", "backup_secret_access_key")
OF_NO_SERVICE = ("alerts_secret", *BACKUP_KEYS)
# Encrypted in the stack's file.
SECRETS = tuple(
    name
    for name, field in Settings.model_fields.items()
    if SecretStr in {field.annotation, *get_args(field.annotation)}
)


def read_settings(values: Mapping[str, Any], secret_keys: Collection[str]) -> Settings:
    """The settings in a stack's values (`key: value`, without the namespace), or SettingsError.

    `secret_keys` are those that are encrypted; a secret that is not among them is refused.
    """
    plain = [
        f"{key}: is in plain text; use `pulumi config set --secret`"
        for key in SECRETS
        if key in values and key not in secret_keys
    ]
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError([*plain, *_faults(error)]) from None
    if plain:
        raise SettingsError(plain)
    return settings


def _faults(error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_input=False):
        path = ".".join(map(str, fault["loc"]))
        if fault["type"] == "extra_forbidden":
            yield f"{path}: unknown{_hint(str(fault['loc'][-1]), _fields_at(fault['loc'][:-1]))}"
        else:
            yield f"{path}: {fault['msg']}".removeprefix(": ").replace("Value error, ", "")


def _fields_at(path: tuple[int | str, ...]) -> Collection[str]:
    model: Any = Settings
    for step in path:
        model = (
            _model_in(model.model_fields[step].annotation)
            if _is_model(model) and step in model.model_fields
            else model
        )
    return tuple(model.model_fields) if _is_model(model) else ()


def _model_in(annotation: Any) -> Any:
    if _is_model(annotation):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _hint(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
