"""The route table: what routes.yaml may say, as types. Numbers are in the unit that their name gives."""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
ServiceName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Path = Annotated[str, Meta(pattern=r"^/", max_length=500)]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
Seconds = Annotated[float, Meta(gt=0, le=300)]
Bytes = Annotated[int, Meta(ge=0, le=64 * 1024 * 1024)]
Limit = Annotated[int, Meta(ge=1, le=1_000_000)]
Period = Annotated[float, Meta(gt=0, le=86_400)]
Status = Annotated[int, Meta(ge=400, le=599)]


class ServiceLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of one service the edge may use at once, in each priority class.

    What comes above is answered 503 at once. Requests of high priority may have a bound of their own.
    """

    max_connections: Limit = 1024
    max_pending_requests: Limit = 1024
    max_requests: Limit = 1024
    max_high_priority_requests: Limit | None = None


class RateLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many requests in a period, by one customer or from one address, across all replicas.

    Without `burst` a whole limit may come at once. Where they cannot be counted together each replica
    allows its share.
    """

    limit: Limit
    period_seconds: Period
    by: Literal["customer", "address"]
    burst: Limit | None = None


class Route(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One public route. Exactly one of path, prefix, regex; exactly one of service, answer."""

    name: Name
    path: Path | None = None
    prefix: Path | None = None
    regex: Path | None = None
    methods: list[Method] = []
    service: ServiceName | None = None
    answer: Status | None = None
    token: Literal["none", "optional", "required"] = "none"  # noqa: S105 - a policy, not a secret
    role: Name | None = None
    timeout_seconds: Seconds = 15.0
    try_timeout_seconds: Seconds = 5.0
    stream: bool = False
    body_limit_bytes: Bytes = 1024 * 1024
    priority: Literal["default", "high"] = "default"
    rate_limits: list[Name] = []

    def faults(self) -> Iterator[tuple[str, str]]:
        """What the types cannot say: (field, what is wrong with it)."""
        if sum(matcher is not None for matcher in (self.path, self.prefix, self.regex)) != 1:
            yield "name", "needs exactly one of path, prefix, regex"
        if (self.service is None) == (self.answer is None):
            yield "name", "needs exactly one of service, answer"
        if self.role is not None and self.token != "required":  # noqa: S105 - a policy, not a secret
            yield "role", "needs token: required"
        if self.answer is not None and self.token != "none":  # noqa: S105 - a policy, not a secret
            yield "token", "has no meaning beside answer"
        if self.answer is not None and self.rate_limits:
            yield "rate_limits", "have no meaning beside answer"


class RouteTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All routes in order, the services that they may lead to, and the limits that they name."""

    services: dict[ServiceName, ServiceLimits]
    routes: Annotated[list[Route], Meta(min_length=1)]
    rate_limits: dict[Name, RateLimit] = {}
