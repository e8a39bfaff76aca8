"""What comes in is checked, and a refusal names the field and the limit."""

import asyncio
import gzip
from typing import Any

import pytest

from unit.libs.web.api import build, client

FOUR_LINES = '{"lines": [{}, {}, {}, {}]}'.replace("{}", '{"sku": "a"}')
DEEP = '{"extra": %s}' % ("[" * 30_000 + "]" * 30_000)
URL = "/v1/baskets/b1"
REFUSED: dict[str, tuple[str, int, str, str]] = {
    "unknown field": ('{"lines": [], "coupon": 1}', 422, "coupon", "a known field: lines"),
    "missing field": ("{}", 422, "lines", "required"),
    "wrong type": ('{"lines": [{"sku": 7}]}', 422, "lines[0].sku", "str"),
    "too large": ('{"lines": [{"sku": "a", "quantity": 11}]}', 422, "lines[0].quantity", "int <= 10"),
    "too long": ('{"lines": [{"sku": "%s"}]}' % ("a" * 21), 422, "lines[0].sku", "str of length <= 20"),
    "too many": (
        '{"lines": [{}, {}, {}, {}]}'.replace("{}", '{"sku": "a"}'),
        422,
        "lines",
        "array of length <= 3",
    ),
    "nested unknown": ('{"lines": [{"sku": "a", "x": 1}]}', 422, "lines[0].x", "a known field"),
    "not an object": ("[]", 422, "body", "object"),
    "not JSON": ("{", 400, "body", "one JSON document (RFC 8259) in UTF-8"),
    "empty": ("", 400, "body", "one JSON document (RFC 8259) in UTF-8"),
    "not UTF-8": ('{"lines": [{"sku": "\udcff"}]}', 400, "body", "one JSON document (RFC 8259) in UTF-8"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_refused_body_names_field_and_limit(case: str) -> None:
    """The problem says which field broke which limit."""
    text, status, field, limit = REFUSED[case]
    async with client() as http:
        body = text.encode("utf-8", "surrogateescape")
        answer = await http.post(URL, data=body, headers={"Content-Type": "application/json"})
        problem: dict[str, Any] = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["status"], problem["field"], problem["limit"]) == (
        status,
        status,
        field,
        limit,
    )


async def test_a_good_body_is_taken() -> None:
    """Defaults are filled in."""
    async with client() as http:
        answer = await http.post(URL, json={"lines": [{"sku": "a"}]})
        assert await answer.json() == {"lines": [{"sku": "a", "quantity": 1}]}


async def test_a_body_that_is_too_large_is_refused() -> None:
    """413 names the bytes that are allowed."""
    async with client() as http:
        answer = await http.post(URL, json={"lines": [{"sku": "a" * 70_000}]})
        problem = await answer.json(content_type=None)
    assert (answer.status, problem["field"], problem["limit"]) == (413, "body", "65536 bytes")


async def test_a_body_must_be_declared_as_json() -> None:
    """415 names the media type that is wanted."""
    async with client() as http:
        answer = await http.post(URL, data=b"{}", headers={"Content-Type": "text/plain"})
        problem = await answer.json(content_type=None)
    assert (answer.status, problem["field"], problem["limit"]) == (415, "Content-Type", "application/json")


async def test_a_struct_that_takes_unknown_fields_is_a_bug() -> None:
    """A handler cannot be lax by mistake: its first request fails."""
    async with client() as http:
        assert (await http.post("/v1/lax", json={})).status == 500


@pytest.mark.parametrize(
    ("text", "field", "limit"),
    [
        ("limit=0", "limit", "int >= 1"),
        ("limit=x", "limit", "int"),
        ("page=2", "page", "a known field: limit"),
        ("limit=1&limit=2", "limit", "given once"),
    ],
)
async def test_a_refused_query_names_field_and_limit(text: str, field: str, limit: str) -> None:
    """The query string is as strict as a body."""
    async with client() as http:
        answer = await http.get(f"/v1/baskets?{text}")
        problem = await answer.json(content_type=None)
    assert (answer.status, problem["field"], problem["limit"]) == (400, field, limit)


async def test_many_bodies_at_once_do_not_mix() -> None:
    """Concurrent requests each get their own answer."""
    async with client() as http:

        async def post(number: int) -> Any:
            answer = await http.post(URL, json={"lines": [{"sku": f"s{number}"}]})
            return (await answer.json())["lines"][0]["sku"]

        assert await asyncio.gather(*map(post, range(50))) == [f"s{n}" for n in range(50)]


@pytest.mark.parametrize(
    ("body", "status", "field", "limit"),
    [
        (r'{"text": "a\u0000b"}', 422, "text", "text without U+0000"),
        (r'{"attributes": {"size": ["\u0000"]}}', 422, "attributes.size[0]", "text without U+0000"),
        (r'{"attributes": {"a\u0000": 1}}', 422, "attributes", "text without U+0000"),
        (r'{"text": "\ud800"}', 400, "body", "one JSON document (RFC 8259) in UTF-8"),
        (
            '{"extra": %s}' % ("[" * 30_000 + "]" * 30_000),
            400,
            "body",
            "one JSON document (RFC 8259) in UTF-8",
        ),
    ],
)
async def test_what_no_store_could_hold_is_refused(body: str, status: int, field: str, limit: str) -> None:
    """NUL, lone surrogates and endless nesting end at the door, not as a failure of a store."""
    async with client() as http:
        answer = await http.post("/v1/notes", data=body, headers={"Content-Type": "application/json"})
        problem = await answer.json(content_type=None)
    assert (answer.status, problem["field"], problem["limit"]) == (status, field, limit)


async def test_an_escaped_backslash_before_u0000_is_text() -> None:
    """Only a real U+0000 is refused."""
    async with client() as http:
        body = rb'{"text": "\\u0000"}'
        answer = await http.post("/v1/notes", data=body, headers={"Content-Type": "application/json"})
        assert (answer.status, (await answer.json())["text"]) == (200, r"\u0000")


async def test_a_compressed_body_is_refused() -> None:
    """Nothing is unpacked, so nothing can be a bomb."""
    async with client() as http:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        answer = await http.post(URL, data=gzip.compress(b"{}"), headers=headers)
        problem = await answer.json(content_type=None)
    assert (answer.status, problem["field"], problem["limit"]) == (415, "Content-Encoding", "identity")


async def test_a_body_that_comes_too_slowly_is_refused_and_the_connection_closed() -> None:
    """Who sends one byte and waits holds no handler."""
    async with client(build(body_timeout_seconds=0.1)) as http:
        reader, writer = await asyncio.open_connection(http.server.host, http.server.port)
        writer.write(
            f"POST {URL} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            "Content-Length: 50\r\n\r\n{".encode()
        )
        async with asyncio.timeout(10):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            problem = await reader.readuntil(b"}")
        writer.close()
    assert head.startswith("HTTP/1.1 408 ")
    assert "Connection: close" in head
    assert b'"field":"body","limit":"0.1 s"' in problem


async def test_a_body_whose_framing_breaks_holds_no_handler() -> None:
    """aiohttp does not report a bad chunk in the middle of a body: the time limit ends it."""
    async with client(build(body_timeout_seconds=0.1)) as http:
        reader, writer = await asyncio.open_connection(http.server.host, http.server.port)
        writer.write(
            f"POST {URL} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n".encode()
        )
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(b"ZZ\r\n")
        async with asyncio.timeout(10):
            status = await reader.readline()
        writer.close()
    assert status.startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_cannot_be_unpacked_is_the_fault_of_the_client() -> None:
    """A handler that reads bytes gets a problem with 400, not a failure."""
    async with client() as http:
        answer = await http.post("/v1/raw", data=b"garbage", headers={"Content-Encoding": "gzip"})
        problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["type"]) == (400, "urn:seawall:problem:malformed-body")
