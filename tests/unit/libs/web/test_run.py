"""A process of its own: how it starts, drains and ends."""

import asyncio
import signal
import socket

import aiohttp
import msgspec
import pytest

from seawall.testing import free_port
from unit.libs.web.processes import line, ready, rest, running


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_a_request_finish_then_tears_down(number: signal.Signals) -> None:
    """The request in flight is answered, the teardown runs, the process exits with 0."""
    async with running("steady") as (process, http):
        url = await ready(process)
        request = asyncio.ensure_future(http.get(f"{url}/slow?seconds=0.5"))
        assert await line(process) == "working"
        process.send_signal(number)
        answer = await request
        assert (answer.status, answer.headers["Connection"]) == (200, "close")
        assert "torn down" in await rest(process)
        assert await process.wait() == 0


async def test_a_draining_process_takes_no_new_connections() -> None:
    """While the last request finishes, nobody new is let in."""
    async with running("steady") as (process, http):
        url = await ready(process)
        request = asyncio.ensure_future(http.get(f"{url}/slow?seconds=1"))
        assert await line(process) == "working"
        process.send_signal(signal.SIGTERM)
        assert "draining" in await line(process)
        await asyncio.sleep(0.2)
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(f"{url}/livez")
        assert (await request).status == 200
        assert await process.wait() == 0


async def test_a_request_may_use_the_whole_drain_time() -> None:
    """A request that needs most of `drain_seconds` is answered."""
    async with running("steady", DRAIN_SECONDS="4") as (process, http):
        url = await ready(process)
        request = asyncio.ensure_future(http.get(f"{url}/slow?seconds=3"))
        assert await line(process) == "working"
        process.send_signal(signal.SIGTERM)
        assert (await request).status == 200


async def test_a_request_that_does_not_end_is_given_up() -> None:
    """After `drain_seconds` the connection is closed and the teardown runs all the same."""
    async with running("steady", DRAIN_SECONDS="0.5") as (process, http):
        url = await ready(process)
        request = asyncio.ensure_future(http.get(f"{url}/slow?seconds=600"))
        assert await line(process) == "working"
        process.send_signal(signal.SIGTERM)
        with pytest.raises(aiohttp.ClientError):
            await request
        assert "torn down" in await rest(process)
        assert await process.wait() == 0


async def test_streams_end_in_order_when_the_process_drains() -> None:
    """The client reads to a clean end, long before the stream's handler would have ended."""
    async with running("steady") as (process, http):
        answer = await http.get(f"{await ready(process)}/events")
        assert await answer.content.readline() == b"event: state\n"
        process.send_signal(signal.SIGTERM)
        assert await answer.content.read() == b"data: 1\n\n"
        assert await process.wait() == 0


async def test_a_signal_during_the_start_ends_the_start() -> None:
    """A process that waits for its store can be stopped; what it had opened is closed."""
    async with running("hanging") as (process, _):
        assert await line(process) == "set up"
        process.send_signal(signal.SIGTERM)
        assert "torn down" in await rest(process)
        assert await process.wait() == 0


async def test_a_process_that_waits_for_its_store_says_so_and_then_serves() -> None:
    """It lives, names what is missing, turns requests away; when the store is there no connection is lost."""
    store, port = str(free_port()), str(free_port())
    async with running("waiting", store, PORT=port) as (process, http):
        assert "store does not work" in await line(process)
        url = f"http://127.0.0.1:{port}"
        async with http.get(f"{url}/livez") as answer:
            assert answer.status == 200
        async with http.get(f"{url}/readyz") as answer:
            reasons = {"process": "starting", "store": "ConnectionRefusedError"}
            assert (answer.status, (await answer.json())["reasons"]) == (503, reasons)
        async with http.get(f"{url}/slow?seconds=0") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        asking = asyncio.ensure_future(statuses_until_ready(http, url))
        async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", int(store)):
            assert set(await asking) == {503, 200}
        assert "store works again" in await line(process)
        await ready(process)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def statuses_until_ready(http: aiohttp.ClientSession, url: str) -> list[int]:
    """Of one request after the other, each over a connection of its own."""
    statuses: list[int] = []
    while 200 not in statuses:
        async with http.get(f"{url}/readyz", headers={"Connection": "close"}) as answer:
            statuses.append(answer.status)
    return statuses


async def test_a_service_that_cannot_start_says_why_and_exits_with_1() -> None:
    """The reason is in one line of log."""
    async with running("broken") as (process, _):
        assert msgspec.json.decode(await line(process))["message"] == "cannot start: no database"
        assert await process.wait() == 1


async def test_a_taken_port_is_said_before_anything_is_set_up() -> None:
    """Exit 1, with the port in the line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        async with running("steady", PORT=port) as (process, _):
            output = await rest(process)
            assert await process.wait() == 1
    assert "cannot start" in output
    assert port in output
    assert "set up" not in output


async def test_a_job_that_ends_takes_the_process_down() -> None:
    """The process exits with 1 to be started again, after its teardown."""
    async with running("job") as (process, _):
        output = await rest(process)
        assert await process.wait() == 1
    assert "a background job ended" in output
    assert "torn down" in output


async def test_bad_settings_exit_with_2_before_anything_starts() -> None:
    """Standard error has one line per fault."""
    async with running("steady", PORT="70000", PROT="1") as (process, _):
        assert await process.wait() == 2
        assert process.stderr is not None
        lines = (await process.stderr.read()).decode().splitlines()
        assert await rest(process) == ""
    assert [text.split(":")[0] for text in lines] == ["SEAWALL_PROT", "SEAWALL_PORT"]


async def test_what_is_not_http_is_one_line_of_log() -> None:
    """A malformed request is answered with 400 and floods no log with tracebacks."""
    async with running("steady") as (process, _):
        url = await ready(process)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"GET / HTTP/9.9\r\n\r\n")
        assert b" 400 " in await reader.readline()
        writer.close()
        message = msgspec.json.decode(await line(process))
        assert (message["level"], message["message"]) == ("INFO", "malformed request")
        assert "exception" not in message
