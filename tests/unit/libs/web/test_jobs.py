"""Jobs that run beside the server."""

import asyncio
import logging

import pytest

from seawall.web import JobEnded, background, every


async def test_jobs_run_while_the_block_does_and_are_cancelled_after_it() -> None:
    """Nothing runs on after the teardown."""
    started, ended = asyncio.Event(), asyncio.Event()

    async def job() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with background(job=job()) as jobs:
        await started.wait()
        await jobs.check()
    assert ended.is_set()


async def fails() -> None:
    raise ValueError("poison")


async def returns() -> None:
    pass


@pytest.mark.parametrize(("job", "reason"), [(fails, "ValueError: poison"), (returns, "JobEnded: job")])
async def test_a_job_that_ends_is_told_once_and_fails_the_check(job, reason) -> None:
    """Whether it fails or just returns: `on_end` is called, and the process is not ready."""
    told: list[str] = []
    happened = asyncio.Event()

    def on_end() -> None:
        told.append("ended")
        happened.set()

    async with background(on_end, job=job(), other=asyncio.sleep(60)) as jobs:
        await happened.wait()
        with pytest.raises(JobEnded, match=reason):
            await jobs.check()
    assert told == ["ended"]


async def test_a_job_that_fails_for_a_while_is_told_twice(caplog: pytest.LogCaptureFixture) -> None:
    """Once when it begins to fail, once when it is over, however often it failed in between."""
    caplog.set_level(logging.INFO)
    calls = 0
    done = asyncio.Event()

    async def work() -> None:
        nonlocal calls
        calls += 1
        if calls <= 5:
            raise ConnectionError("away")
        done.set()

    async with background(exchange=every(0.001, work, ConnectionError)):
        await done.wait()
        await asyncio.sleep(0.01)
    lines = [(record.getMessage(), record.__dict__["job"]) for record in caplog.records]
    assert lines == [
        ("a periodic job does not work, it is tried again", "exchange"),
        ("a periodic job works again", "exchange"),
    ]


async def test_leaving_the_block_tells_nobody() -> None:
    """The end of the process is not the end of a job."""
    told: list[str] = []
    async with background(lambda: told.append("ended"), job=asyncio.sleep(60)):
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert told == []


async def test_a_job_that_fails_while_it_is_cancelled_tells_nobody() -> None:
    """An error in a job's own clean-up neither stops the teardown nor changes how the process ends."""
    told: list[str] = []
    started = asyncio.Event()

    async def job() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ConnectionError("gone already")

    async with background(lambda: told.append("ended"), job=job()):
        await started.wait()
    await asyncio.sleep(0)
    assert told == []


async def test_periodic_work_goes_on_after_an_error_that_is_tolerated() -> None:
    """Only the named errors are tolerated; another one ends the job."""
    errors: list[Exception] = [ConnectionError("a"), ConnectionError("b"), ValueError("c")]

    async def work() -> None:
        raise errors.pop(0)

    with pytest.raises(ValueError, match="c"):
        await every(0, work, ConnectionError)
    assert errors == []
