"""What payments does while the provider fails."""

import pytest

from services.payments.adapters.http_client import CallFailed
from services.payments.adapters.provider_http import HttpProvider, circuit
from services.payments.domain import Approved, CallRejectedError, OutcomeUnknownError


class FakeClient:
    """Answers with what the test says; counts what is sent."""

    def __init__(self, answer):
        self.answer = answer
        self.sent = 0

    async def post(self, path, body, headers):
        self.sent += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def charge(provider, times):
    """Charges: what became of each."""
    outcomes = []
    for _ in range(times):
        try:
            outcomes.append(await provider.charge("o", 1000, "EUR"))
        except (OutcomeUnknownError, CallRejectedError) as error:
            outcomes.append(type(error))
    return outcomes


@pytest.mark.parametrize("answer", [CallFailed("no answer"), (503, b"")])
async def test_a_provider_that_fails_is_left_alone(answer):
    """What is not sent has no outcome: it is tried again later, and never declined."""
    client = FakeClient(answer)
    outcomes = await charge(HttpProvider(client, circuit(2.0)), 100)
    assert outcomes == [OutcomeUnknownError] * 100
    assert client.sent == 20


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [((400, b""), CallRejectedError), ((200, b'{"state":"charged","charge_id":"c"}'), Approved("c"))],
)
async def test_a_provider_that_answers_is_asked(answer, outcome):
    """Whether it takes the call or rejects it."""
    client = FakeClient(answer)
    assert await charge(HttpProvider(client, circuit(2.0)), 100) == [outcome] * 100
    assert client.sent == 100
