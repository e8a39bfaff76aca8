"""The caller's time-out becomes the deadline of all that is done for him."""

import pytest

from unit.libs.web.api import client

HEADER = "x-request-timeout-ms"


async def test_the_time_out_of_the_request_is_the_deadline_of_its_handler() -> None:
    """In milliseconds; a request without one has no deadline."""
    async with client() as http:
        bound = await (await http.get("/v1/time-left", headers={HEADER: "30000"})).json()
        unbound = await (await http.get("/v1/time-left")).json()
    assert 0 < bound <= 30
    assert unbound is None


@pytest.mark.parametrize("value", ["", "-1", "1.5", "1s", "100000000"])
async def test_a_malformed_time_out_is_refused(value: str) -> None:
    """The problem names the header and its format."""
    async with client() as http:
        answer = await http.get("/v1/time-left", headers={HEADER: value})
        problem = await answer.json(content_type=None)
    assert (answer.status, problem["field"]) == (400, HEADER)
    assert "8 digits" in problem["limit"]


@pytest.mark.parametrize("value", ["0", "9"])
async def test_what_comes_too_late_is_not_begun(value: str) -> None:
    """504 at the door."""
    async with client() as http:
        answer = await http.get("/v1/time-left", headers={HEADER: value})
        problem = await answer.json(content_type=None)
    assert (answer.status, problem["type"]) == (504, "urn:seawall:problem:deadline-exceeded")


async def test_a_deadline_that_passed_inside_is_504() -> None:
    """Whatever it was that took too long."""
    async with client() as http:
        assert (await http.get("/v1/no-time-left")).status == 504


@pytest.mark.parametrize(("header", "bound"), [({}, None), ({"x-attempt": "2"}, 2), ({"x-attempt": "no"}, 1)])
async def test_who_is_called_by_an_attempt_knows_it(header, bound) -> None:
    """So that one layer retries: what is done for a request that is an attempt is done once."""
    async with client() as http:
        assert await (await http.get("/v1/attempt", headers=header)).json() == bound
