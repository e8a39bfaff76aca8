"""Conditional reads and writes of one document."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from seawall.settings import ServiceSettings
from seawall.web import check_unchanged, entity_tag, operation, tagged_response, web_service

URL = "/v1/note"
CACHED = {"Cache-Control": "public, max-age=2", "Content-Language": "en"}
Client = TestClient[web.Request, web.Application]


@asynccontextmanager
async def note(body: bytes | None, *, required: bool = False) -> AsyncIterator[Client]:
    """A service that keeps one note, or none."""
    kept = [body]

    @operation(summary="The note", responses={200: None, 304: None})
    async def read(request: web.Request) -> web.Response:
        assert kept[0] is not None
        return tagged_response(request, kept[0], headers=CACHED)

    @operation(summary="Another note", responses={204: None, 412: None, 428: None})
    async def write(request: web.Request) -> web.Response:
        tag = None if kept[0] is None else entity_tag(kept[0])
        check_unchanged(request, tag, required=required)
        kept[0] = await request.read()
        return web.Response(status=204)

    routes = [web.get(URL, read), web.put(URL, write)]
    app = web_service(ServiceSettings(), name="notes", routes=routes)
    async with TestClient(TestServer(app)) as client:
        yield client


async def put(client: Client, **headers: str) -> ClientResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.put(URL, data=b"new", headers=sent)


async def test_an_answer_has_a_strong_tag() -> None:
    """The same bytes have the same one."""
    async with note(b"one") as client, client.get(URL) as first, client.get(URL) as second:
        assert first.headers["ETag"] == second.headers["ETag"] == f'"{entity_tag(b"one")}"'
    assert entity_tag(b"one") != entity_tag(b"two")


@pytest.mark.parametrize(
    "forms",
    [['"{}"'], ['W/"{}"'], [' "x,y" , W/"y",,"{}"'], ['"other"', '"{}"'], ["*"]],
)
async def test_who_has_it_is_sent_nothing(forms: list[str]) -> None:
    """304, by one of several tags, or in a second field, too; with what a cache has to know, and no more."""
    async with note(b"one") as client:
        headers = [("If-None-Match", form.format(entity_tag(b"one"))) for form in forms]
        async with client.get(URL, headers=headers) as answer:
            assert (answer.status, await answer.read()) == (304, b"")
            assert answer.headers["ETag"] == f'"{entity_tag(b"one")}"'
            assert answer.headers["Cache-Control"] == CACHED["Cache-Control"]
            assert "Content-Language" not in answer.headers


@pytest.mark.parametrize("value", ['"other"', "no tag at all", '"*"', '"x" "{}"', '"{}', 'w/"{}"', ""])
async def test_who_has_another_is_sent_it(value: str) -> None:
    """What is malformed names nothing."""
    headers = {"If-None-Match": value.format(entity_tag(b"one"))}
    async with note(b"one") as client, client.get(URL, headers=headers) as answer:
        assert (answer.status, await answer.read()) == (200, b"one")


@pytest.mark.parametrize("form", ['"{}"', '"other", "{}"', "*"])
async def test_who_has_seen_it_may_overwrite_it(form: str) -> None:
    """By one of several tags, too."""
    async with note(b"one") as client:
        answer = await put(client, If_Match=form.format(entity_tag(b"one")))
        assert answer.status == 204


@pytest.mark.parametrize("value", ['"other"', 'W/"{}"', "no tag at all"])
async def test_who_has_seen_something_else_may_not(value: str) -> None:
    """Something like it (weak) is not it. The refusal names the field."""
    async with note(b"one") as client:
        answer = await put(client, If_Match=value.format(entity_tag(b"one")))
        problem = await answer.json(content_type="application/problem+json")
        assert (answer.status, problem["field"]) == (412, "If-Match")
        async with client.get(URL) as unchanged:
            assert await unchanged.read() == b"one"


async def test_two_who_have_seen_the_same_do_not_overwrite_each_other() -> None:
    """The second is refused."""
    async with note(b"one") as client:
        seen = f'"{entity_tag(b"one")}"'
        answers = [await put(client, If_Match=seen), await put(client, If_Match=seen)]
        assert [answer.status for answer in answers] == [204, 412]


async def test_what_is_not_there_cannot_have_been_seen() -> None:
    """Not even by `*`."""
    async with note(None) as client:
        assert (await put(client, If_Match="*")).status == 412


@pytest.mark.parametrize(("body", "status"), [(None, 204), (b"one", 412)])
async def test_a_first_write_creates_and_never_replaces(body: bytes | None, status: int) -> None:
    """If-None-Match: *."""
    async with note(body) as client:
        assert (await put(client, If_None_Match="*")).status == status


@pytest.mark.parametrize(("required", "status"), [(True, 428), (False, 204)])
async def test_a_blind_write_is_refused_where_that_is_asked_for(required: bool, status: int) -> None:
    """428 says which field is missing."""
    async with note(b"one", required=required) as client:
        assert (await put(client)).status == status
