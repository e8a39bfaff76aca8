"""Several processes on one port: how they start, tell of each other, are replaced, and end."""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from typing import Any

import aiohttp
import msgspec
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from seawall.testing import free_port
from unit.libs.web.processes import line, rest, running

TWO = {"WORKERS": "2"}


async def said(process: Process, message: str) -> Any:
    """The next line of its log that says so."""
    while text := await line(process):
        if text.startswith("{") and (found := msgspec.json.decode(text))["message"] == message:
            return found
    raise AssertionError(f"it ended before it said: {message}")


async def all_ready(process: Process, count: int = 2) -> str:
    """The address, once `count` more workers are ready."""
    ports = {(await said(process, "ready"))["port"] for _ in range(count)}
    assert len(ports) == 1
    return f"http://127.0.0.1:{ports.pop()}"


async def asked(http: aiohttp.ClientSession, url: str, **headers: str) -> str:
    """By a connection of its own: the kernel chooses the worker."""
    async with http.get(url, headers={"Connection": "close"} | headers) as answer:
        return await answer.text()


async def pid(http: aiohttp.ClientSession, url: str) -> int:
    return int(msgspec.json.decode(await asked(http, f"{url}/who"))["pid"])


async def pids(http: aiohttp.ClientSession, url: str) -> set[int]:
    """Of all that answer: with two, one of them is missed once in 2**39 times."""
    return {await pid(http, url) for _ in range(40)}


async def readiness(http: aiohttp.ClientSession, url: str) -> Any:
    return msgspec.json.decode(await asked(http, f"{url}/readyz"))["reasons"]


async def test_each_worker_gets_connections_of_the_one_port() -> None:
    """They are children of the process that was started, which serves nothing itself."""
    async with running("steady", WORKERS="3") as (process, http):
        url = await all_ready(process, 3)
        assert len(await pids(http, url)) == 3
        assert process.pid not in await pids(http, url)


async def test_whoever_is_asked_tells_the_metrics_of_all() -> None:
    """A scrape sees each worker once, by its label, in the format that it asks for."""
    async with running("steady", **TWO) as (process, http):
        url = await all_ready(process)
        for _ in range(40):
            await pid(http, url)
        text = await asked(http, f"{url}/metrics")
        open_text = await asked(http, f"{url}/metrics", Accept="application/openmetrics-text; version=1.0.0")
        for families in (parse_text(text), parse_openmetrics(open_text)):
            samples = [sample for family in families for sample in family.samples]
            counts = {
                sample.labels["worker"]: sample.value
                for sample in samples
                if sample.name == "seawall_http_request_seconds_count" and sample.labels["route"] == "/who"
            }
            assert set(counts) == {"0", "1"}
            assert sum(counts.values()) == 40


async def test_a_killed_worker_is_missed_and_replaced() -> None:
    """Until then whoever is asked says who is away; the others serve on."""
    async with running("steady", **TWO) as (process, http):
        url = await all_ready(process)
        one, other = await pids(http, url)
        os.kill(one, signal.SIGKILL)
        killed = await said(process, "a worker was killed")
        assert killed["by"] == "SIGKILL"
        assert await readiness(http, url) == {f"worker {killed['worker']}, process": "away"}
        assert await pid(http, url) == other
        await all_ready(process, 1)
        assert await readiness(http, url) == {}
        now = await pids(http, url)
        assert (len(now), other in now, one in now) == (2, True, False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_each_worker_finish(number: signal.Signals) -> None:
    """Requests in flight are answered, each tears down, and the exit status is 0."""
    async with running("steady", **TWO) as (process, http):
        url = await all_ready(process)
        closing = {"Connection": "close"}
        slow = [http.get(f"{url}/slow?seconds=1", headers=closing) for _ in range(10)]
        answers = [asyncio.ensure_future(each) for each in slow]
        assert [await line(process) for _ in slow] == ["working"] * 10
        process.send_signal(number)
        assert [(await answer).status for answer in answers] == [200] * 10
        assert (await rest(process)).count("torn down") == 2
        assert await process.wait() == 0


async def test_workers_do_not_outlive_a_killed_parent() -> None:
    """They drain, and leave the port."""
    port = str(free_port())
    async with running("steady", PORT=port, **TWO) as (process, http):
        await all_ready(process)
        process.kill()
        assert (await rest(process)).count("torn down") == 2
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(f"http://127.0.0.1:{port}/livez")


@pytest.mark.parametrize(
    ("lifetime", "reason"), [("broken", "no database"), ("job", "a background job ended")]
)
async def test_a_worker_that_ends_by_itself_ends_them_all(lifetime: str, reason: str) -> None:
    """With exit status 1, as one process would: whoever started it starts it again."""
    async with running(lifetime, **TWO) as (process, _):
        assert reason in await rest(process)
        assert await process.wait() == 1


async def test_a_signal_during_the_start_ends_it() -> None:
    """What the workers had opened is closed."""
    async with running("hanging", **TWO) as (process, _):
        assert [await line(process) for _ in range(2)] == ["set up"] * 2
        process.send_signal(signal.SIGTERM)
        assert (await rest(process)).count("torn down") == 2
        assert await process.wait() == 0


async def test_a_port_is_shared_with_no_other_service() -> None:
    """Though both let others listen: the second says so, and starts no worker."""
    async with running("steady", **TWO) as (process, _):
        port = (await all_ready(process)).rpartition(":")[2]
        async with running("steady", PORT=port, **TWO) as (second, _):
            output = await rest(second)
            assert await second.wait() == 1
    assert "cannot start" in output
    assert port in output
    assert "set up" not in output


async def test_workers_draw_different_ids() -> None:
    """Though they were one process when the generator was seeded."""
    async with running("steady", WORKERS="3") as (process, http):
        url, ids = await all_ready(process, 3), set()
        for _ in range(40):
            async with http.get(f"{url}/who", headers={"Connection": "close"}) as answer:
                ids.add(answer.headers["x-trace-id"])
        assert len(ids) == 40


async def test_how_many_there_may_be_is_said() -> None:
    """By the setting's name and limit."""
    async with running("steady", WORKERS="65") as (process, _):
        assert await process.wait() == 2
        assert process.stderr is not None
        assert (
            (await process.stderr.read())
            .decode()
            .startswith("SEAWALL_WORKERS: Input should be less than or equal to 64")
        )
