"""What every service has: identity, a correlation id, health, metrics, a document."""

import asyncio

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from seawall.web import READINESS
from unit.libs.web.api import build, client

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_identity_comes_from_the_gateway() -> None:
    """No customer is 401, another role is 403."""
    async with client() as http:
        statuses = [
            (await http.get("/v1/who", headers=headers)).status
            for headers in (
                {},
                {"x-customer-id": "c1"},
                {"x-customer-id": "c1", "x-customer-role": "customer"},
                {"x-customer-id": "c1", "x-customer-role": "operator"},
            )
        ]
    assert statuses == [401, 403, 403, 200]


@pytest.mark.parametrize("value", [None, "", "x" * 65, "a b", "ä"])
async def test_a_bad_idempotency_key_names_field_and_limit(value: str | None) -> None:
    """The header is required, short and plain."""
    async with client() as http:
        answer = await http.post("/v1/key", headers={} if value is None else {"Idempotency-Key": value})
        problem = await answer.json(content_type=None)
    assert (answer.status, problem["field"]) == (400, "Idempotency-Key")
    assert "1..64" in problem["limit"]


async def test_the_request_id_becomes_the_correlation_id_and_is_echoed() -> None:
    """The id from the edge is the id of the work and of the answer; without one there is a new one."""
    async with client() as http:
        given = await http.post("/v1/key", headers={"Idempotency-Key": "k", "x-request-id": "edge-1"})
        made = await http.post("/v1/key", headers={"Idempotency-Key": "k"})
        body, given_body = await made.json(), await given.json()
    assert given_body["correlation_id"] == given.headers["x-request-id"] == "edge-1"
    assert len(made.headers["x-request-id"]) == 32
    assert body["correlation_id"] == made.headers["x-request-id"]


@pytest.mark.parametrize("given", [TRACEPARENT, "malformed", None])
async def test_a_request_goes_on_with_its_trace_or_begins_one(given: str | None) -> None:
    """Work, answer and problem name the same trace: that of a well-formed `traceparent`, or a new one."""
    async with client() as http:
        headers = {} if given is None else {"traceparent": given}
        answer = await http.post("/v1/key", headers={"Idempotency-Key": "k", **headers})
        refused = await http.post("/v1/key", headers=headers)
        trace_id = (await answer.json())["trace_id"]
        assert answer.headers["x-trace-id"] == trace_id
        assert (await refused.json())["trace_id"] == refused.headers["x-trace-id"]
    assert len(trace_id) == 32
    assert (trace_id == TRACEPARENT[3:35]) == (given == TRACEPARENT)


async def test_readiness_names_the_check_that_fails() -> None:
    """A check that raises, or that hangs, makes the process unready; liveness does not care."""
    app = build()
    async with client(app) as http:
        assert (await http.get("/readyz")).status == 200

        async def broken() -> None:
            raise ConnectionError

        app[READINESS].add("store", broken)
        app[READINESS].add("slow", asyncio.Event().wait)
        answer = await http.get("/readyz")
        reasons = (await answer.json())["reasons"]
        assert (answer.status, reasons["store"]) == (503, "ConnectionError")
        assert reasons["slow"].startswith("no answer in")
        assert (await http.get("/livez")).status == 200


async def test_metrics_count_by_route_pattern() -> None:
    """Ids in paths make no new series."""
    async with client() as http:
        for number in range(3):
            await http.post(f"/v1/baskets/{number}", json={"lines": []})
        text = await (await http.get("/metrics")).text()
    assert 'route="/v1/baskets/{basket_id}",status="200"' in text
    assert "/v1/baskets/2" not in text


async def test_the_openapi_document_is_valid_and_complete() -> None:
    """The document validates, and has paths, bodies, parameters and problems."""
    async with client() as http:
        document = await (await http.get("/openapi.json")).json()
    OpenAPIV31SpecValidator(document).validate()
    fill = document["paths"]["/v1/baskets/{basket_id}"]["post"]
    assert [(p["name"], p["in"]) for p in fill["parameters"]] == [
        ("basket_id", "path"),
        ("Idempotency-Key", "header"),
    ]
    assert fill["responses"].keys() == {"200", "409", "default"}
    assert fill["security"]
    limit = document["paths"]["/v1/baskets"]["get"]["parameters"][0]
    assert (limit["name"], limit["schema"]["maximum"]) == ("limit", 100)


async def test_an_operation_without_a_query_refuses_parameters() -> None:
    """The first one is named; an empty query string is none."""
    async with client() as http:
        key = {"Idempotency-Key": "k", "x-customer-id": "ann"}
        answer = await http.post("/v1/baskets/b1?dry_run=1&x=2", json={"lines": []}, headers=key)
        problem = await answer.json(content_type=None)
        assert (answer.status, problem["field"], problem["limit"]) == (400, "dry_run", "no parameters")
        assert problem["detail"] == "there is no parameter dry_run"
        assert (await http.post("/v1/baskets/b1?", json={"lines": []}, headers=key)).status == 200
        assert (await http.get("/v1/baskets?limit=3")).status == 200
        assert (await http.get("/v1/nowhere?x=1")).status == 404


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/openapi.json", "/v1/time-left"])
async def test_what_is_no_operation_takes_any_query(path: str) -> None:
    """A probe or a scraper may add what it likes; pages look at their own."""
    async with client() as http:
        assert (await http.get(f"{path}?x=1")).status == 200
