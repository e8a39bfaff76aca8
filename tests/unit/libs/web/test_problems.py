"""Every error has one form, says what the caller can mend, and shows nothing of the inside."""

import asyncio

import pytest

from unit.libs.web.api import build, client


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


async def test_a_store_that_resets_is_a_failure_not_a_client_that_left() -> None:
    """ConnectionResetError from behind, with the client still there, is a 500 that is logged."""
    async with client() as http:
        answer = await http.get("/v1/fail/store")
        problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["type"]) == (500, "urn:seawall:problem:internal-error")


async def test_a_bug_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """What the caller does not see, the operator does."""
    async with client() as http:
        await http.get("/v1/fail/bug")
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.exc_info is not None
    assert (str(record.exc_info[1]), vars(record)["route"]) == ("secret detail", "/v1/fail/{how}")


async def test_a_redirect_is_not_a_problem_and_is_counted() -> None:
    """A raised redirect passes as it is, and is in the metrics."""
    async with client() as http:
        answer = await http.get("/v1/fail/moved", allow_redirects=False)
        text = await (await http.get("/metrics")).text()
    assert (answer.status, answer.headers["Location"]) == (303, "/elsewhere")
    assert 'route="/v1/fail/{how}",status="303"' in text


async def test_a_body_over_the_limit_is_named_whoever_reads_it() -> None:
    """A handler that reads a form itself has the same limit and the same problem."""
    async with client() as http:
        answer = await http.post("/v1/form", data={"text": "a" * 70_000})
        problem = await answer.json(content_type=None)
    assert (answer.status, problem["field"], problem["limit"]) == (413, "body", "65536 bytes")


@pytest.mark.parametrize("url", ["/v1/fail/a%00b", "/v1/baskets?limit=%00"])
async def test_a_nul_in_the_url_is_refused(url: str) -> None:
    """No store could hold it: it is refused before it gets there."""
    async with client() as http:
        reader, writer = await asyncio.open_connection(http.server.host, http.server.port)
        writer.write(f"GET {url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"text without U+0000" in answer


async def test_a_client_that_leaves_in_its_body_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    """Who hangs up causes no error in the log."""
    app = build()
    async with client(app) as http:
        _, writer = await asyncio.open_connection(http.server.host, http.server.port)
        writer.write(
            b"POST /v1/baskets/b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 50\r\n\r\n{"
        )
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()
        await asyncio.sleep(0.05)
    assert [record.name for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_problem_can_close_the_connection() -> None:
    """`Connection: close` is kept, not only said."""
    async with client() as http:
        reader, writer = await asyncio.open_connection(http.server.host, http.server.port)
        writer.write(b"GET /v1/fail/leave HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(10):
            assert b"Connection: close" in await reader.read()
        writer.close()
