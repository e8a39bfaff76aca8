"""What every service has: problems, identity, health, metrics, a document, streams, a drain."""

import asyncio
import signal
import sys
import textwrap
from pathlib import Path

import aiohttp
import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from seawall.web import READINESS
from unit.libs.web.api import ENDED, build, client


async def test_an_error_of_the_service_is_translated_by_its_nearest_class() -> None:
    """A subclass is translated as its parent; headers are kept."""
    async with client() as http:
        answer = await http.get("/v1/fail/sold")
        problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["type"]) == (409, "urn:seawall:problem:sold-out")
    assert answer.headers["Retry-After"] == "1"


async def test_a_bug_shows_nothing_of_the_inside() -> None:
    """An error that nobody expected is a 500 without detail."""
    async with client() as http:
        answer = await http.get("/v1/fail/bug")
        text = await answer.text()
    assert answer.status == 500
    assert "secret" not in text
    assert "ValueError" not in text


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/v1/who", 405)])
async def test_what_the_router_refuses_is_a_problem_too(method: str, path: str, status: int) -> None:
    """There is one form of error."""
    async with client() as http:
        answer = await http.request(method, path)
        problem = await answer.json(content_type="application/problem+json")
    assert problem["status"] == answer.status == status


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


async def test_a_stream_sends_events_and_heartbeats() -> None:
    """An event has id, name and JSON; silence is broken by comments."""
    async with client() as http, http.get("/v1/events") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        lines = [(await answer.content.readline()).decode().strip() for _ in range(5)]
    assert lines == ["id: 1", "event: state", 'data: {"n":1}', "", ": alive"]


async def test_a_stream_ends_when_its_client_leaves() -> None:
    """A handler does not go on for nobody."""
    app = build()
    async with client(app) as http:
        async with http.get("/v1/events") as answer:
            await answer.content.readline()
            answer.close()
        async with asyncio.timeout(10):
            await app[ENDED].wait()


async def test_a_stream_ends_when_the_process_drains() -> None:
    """The client sees the end of the stream, not a broken connection."""
    app = build()
    async with client(app) as http, http.get("/v1/events") as answer:
        await answer.content.readline()
        app[READINESS].draining.set()
        async with asyncio.timeout(10):
            rest = await answer.content.read()
    assert b"state" in rest


PROGRAM = textwrap.dedent("""
    import asyncio
    from aiohttp import web
    from seawall.settings import ServiceSettings
    from seawall.telemetry import configure_logging
    from seawall.web import json_response, run, web_service

    async def slow(request):
        print("working", flush=True)
        await asyncio.sleep(0.5)
        return json_response({"done": True})

    async def lifetime(app):
        yield
        print("torn down", flush=True)

    configure_logging("slow")
    settings = ServiceSettings()
    run(web_service(settings, name="slow", routes=[web.get("/slow", slow)], lifetime=lifetime), settings)
""")


async def test_sigterm_lets_a_request_finish_then_tears_down(tmp_path: Path) -> None:
    """The request in flight is answered, the teardown runs, the process exits with 0."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(program),
        stdout=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30), aiohttp.ClientSession() as http:
            ready = msgspec.json.decode(await process.stdout.readline())
            request = asyncio.ensure_future(http.get(f"http://127.0.0.1:{ready['port']}/slow"))
            assert await process.stdout.readline() == b"working\n"
            process.send_signal(signal.SIGTERM)
            answer = await request
            assert (answer.status, answer.headers["Connection"]) == (200, "close")
            rest = await process.stdout.read()
            assert await process.wait() == 0
        assert b"torn down" in rest
    finally:
        if process.returncode is None:
            process.kill()
