"""What a handler says about itself for the OpenAPI document."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import web

from seawall.resilience import Priority
from seawall.web.problem import refused
from seawall.web.refusal import MAX_NAME

Handler = TypeVar("Handler", bound=Callable[[web.Request], Awaitable[web.StreamResponse]])

_ATTRIBUTE = "__seawall_operation__"


@dataclass(frozen=True)
class Operation:
    """One operation of the API. A response without a type is a problem (4xx, 5xx) or has no JSON body."""

    summary: str
    body: type | None = None
    query: type | None = None
    responses: Mapping[int, Any] = field(default_factory=dict)
    idempotent: bool = False
    authenticated: bool = False
    priority: Priority | None = Priority.CRITICAL
    description: str = ""


def operation(
    *,
    summary: str,
    body: type | None = None,
    query: type | None = None,
    responses: Mapping[int, Any],
    idempotent: bool = False,
    authenticated: bool = False,
    priority: Priority | None = Priority.CRITICAL,
) -> Callable[[Handler], Handler]:
    """Puts a handler into /openapi.json. `idempotent` adds the header Idempotency-Key.

    Without a `query` type any parameter in the query string is refused, as an unknown one is with it.
    `priority` says what is shed first when there is too much to do; None where the handler has a bound of its
    own.
    """

    def attach(handler: Handler) -> Handler:
        description = (handler.__doc__ or "").strip()
        made = Operation(
            summary, body, query, dict(responses), idempotent, authenticated, priority, description
        )
        setattr(handler, _ATTRIBUTE, made)
        return handler

    return attach


def operation_of(handler: object) -> Operation | None:
    """What was attached to a handler, if anything."""
    found = getattr(handler, _ATTRIBUTE, None)
    return found if isinstance(found, Operation) else None


def check_query(request: web.Request) -> None:
    """Raises Problem 400 for a parameter of an operation that takes none. Other routes take any."""
    found = operation_of(request.match_info.handler)
    if found is not None and found.query is None and request.query:
        name = next(iter(request.query))[:MAX_NAME] or "query"
        raise refused(400, name, "no parameters", f"there is no parameter {name}")
