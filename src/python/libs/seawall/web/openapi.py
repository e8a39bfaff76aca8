"""The OpenAPI 3.1 document of an application, from its routes and their operations."""

import re
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from seawall.web.operation import Operation, operation_of
from seawall.web.problem import CONTENT_TYPE as PROBLEM_TYPE

_REFERENCE = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"{(\w+)}")
_KEY_SCHEMA = {"type": "string", "pattern": "^[A-Za-z0-9_.:-]{1,64}$"}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. Where a value is refused, it names the field and the limit.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
        "limit": {"type": "string"},
        "correlation_id": {"type": "string"},
        "trace_id": {"type": "string"},
    },
    "required": ["type", "title", "status"],
}


def document(app: web.Application, name: str, version: str) -> dict[str, Any]:
    """The document. Routes without an operation are not in it."""
    operations = [
        (route.resource.canonical, route.method.lower(), found)
        for route in app.router.routes()
        if route.resource is not None
        and route.method != "HEAD"
        and (found := operation_of(route.handler)) is not None
    ]
    types = {kind for *_, found in operations for kind in _types(found)}
    schemas, components = msgspec.json.schema_components(sorted(types, key=str), ref_template=_REFERENCE)
    by_type = dict(zip(sorted(types, key=str), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for path, method, found in operations:
        paths.setdefault(path, {})[method] = _operation(path, found, by_type, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": name, "version": version},
        "paths": paths,
        "components": {
            "schemas": components | {"Problem": _PROBLEM},
            "securitySchemes": {"customer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _types(found: Operation) -> list[Any]:
    answers = [kind for kind in found.responses.values() if kind is not None]
    return [kind for kind in (found.body, found.query, *answers) if kind is not None]


def _operation(
    path: str, found: Operation, by_type: dict[Any, Any], components: dict[str, Any]
) -> dict[str, Any]:
    made: dict[str, Any] = {"summary": found.summary}
    if found.description:
        made["description"] = found.description
    if parameters := _parameters(path, found, by_type, components):
        made["parameters"] = parameters
    if found.body is not None:
        made["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": by_type[found.body]}},
        }
    made["responses"] = {
        str(status): _response(status, by_type.get(kind)) for status, kind in found.responses.items()
    }
    made["responses"]["default"] = _response(0, None)
    if found.authenticated:
        made["security"] = [{"customer": []}]
    return made


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _response(status: int, schema: Any) -> dict[str, Any]:
    if schema is not None:
        return {"description": _phrase(status), "content": _json(schema)}
    if 0 < status < HTTPStatus.BAD_REQUEST:
        return {"description": _phrase(status)}
    problem = {"$ref": _REFERENCE.format(name="Problem")}
    return {"description": _phrase(status), "content": {PROBLEM_TYPE: {"schema": problem}}}


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status else "A problem"


def _parameters(
    path: str, found: Operation, by_type: dict[Any, Any], components: dict[str, Any]
) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(path)
    ]
    if found.idempotent:
        made.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": _KEY_SCHEMA})
    if found.query is not None:
        struct = components[by_type[found.query]["$ref"].rsplit("/", 1)[1]]
        required = struct.get("required", [])
        made += [
            {"name": name, "in": "query", "required": name in required, "schema": schema}
            for name, schema in struct["properties"].items()
        ]
    return made
