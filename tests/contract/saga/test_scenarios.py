"""What a saga does, told as scenarios: played by the rules alone, and on the log in a real PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from contract.saga.book import definition, sagas
from seawall.saga import Definition, Status
from seawall.testing.sagas import (
    OnDefinition,
    OnLog,
    Scenario,
    Stage,
    given,
    refused,
    succeeded,
    timed_out,
    undone,
)

STARTED = given({"order_id": "o1"}).expect("reserve", status=Status.RUNNING)
RESERVED = STARTED.when(succeeded("reserve")).expect("charge")
CHARGED = RESERVED.when(succeeded("charge")).expect("commit")
VOIDING = RESERVED.when(timed_out()).expect("charge:compensate", status=Status.COMPENSATING)

SCENARIOS = {
    "all goes well": CHARGED.when(succeeded("commit")).expect(status=Status.DONE),
    "the first step is refused: nothing to undo": (
        STARTED.when(refused("reserve")).expect(status=Status.COMPENSATED)
    ),
    "a refused step itself is not undone": (
        RESERVED.when(refused("charge"))
        .expect("reserve:compensate", status=Status.COMPENSATING)
        .when(undone("reserve"))
        .expect(status=Status.COMPENSATED)
    ),
    "a step that timed out is undone too, one after the other in reverse": (
        VOIDING.when(undone("charge"))
        .expect("reserve:compensate", status=Status.COMPENSATING)
        .when(undone("reserve"))
        .expect(status=Status.COMPENSATED)
    ),
    "a compensation is repeated until it is answered, then the next begins anew": (
        VOIDING.when(timed_out())
        .expect("charge:compensate:again1")
        .when(timed_out())
        .expect("charge:compensate:again2", status=Status.COMPENSATING)
        .when(undone("charge"))
        .expect("reserve:compensate")
        .when(timed_out())
        .expect("reserve:compensate:again1")
    ),
    "after the pivot a command is repeated until it is answered": (
        CHARGED.when(timed_out())
        .expect("commit:again1")
        .when(timed_out())
        .expect("commit:again2", status=Status.RUNNING)
        .when(succeeded("commit"))
        .expect(status=Status.DONE)
    ),
    "after the pivot a refusal changes nothing": (
        CHARGED.when(refused("commit")).expect(status=Status.RUNNING)
    ),
    "a reply after the time-out is too late": (
        VOIDING.when(succeeded("charge"))
        .expect(status=Status.COMPENSATING)
        .when(refused("charge"))
        .expect(status=Status.COMPENSATING)
    ),
    "a repeated reply moves nothing": (
        RESERVED.when(succeeded("reserve")).expect().when(refused("reserve")).expect(status=Status.RUNNING)
    ),
    "a reply to a later step comes too early": (
        STARTED.when(succeeded("commit"))
        .expect()
        .when(succeeded("charge"))
        .expect()
        .when(succeeded("reserve"))
        .expect("charge", status=Status.RUNNING)
    ),
    "compensations that are answered in the wrong order": (
        VOIDING.when(undone("reserve"))
        .expect(status=Status.COMPENSATING)
        .when(undone("charge"))
        .expect("reserve:compensate")
        .when(undone("charge"))
        .expect(status=Status.COMPENSATING)
    ),
    "an answer to an undoing that nobody asked for": (
        RESERVED.when(undone("reserve")).expect(status=Status.RUNNING)
    ),
    "what has ended stays so": (
        CHARGED.when(succeeded("commit"))
        .expect()
        .when(timed_out())
        .expect()
        .when(refused("charge"))
        .expect()
        .when(undone("charge"))
        .expect(status=Status.DONE)
    ),
}


@pytest.fixture
def checkout() -> Definition:
    return definition()


@pytest.fixture
async def log(database_url: str, checkout: Definition) -> AsyncIterator[OnLog]:
    async with sagas(database_url) as database:
        yield OnLog(database, checkout)


class SagaContract:
    """Each scenario, on one stage."""

    @pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
    async def test_scenario(self, scenario: Scenario, stage: Stage) -> None:
        """What its name says."""
        await scenario.play(stage)


class TestRules(SagaContract):
    @pytest.fixture
    def stage(self, checkout: Definition) -> Stage:
        return OnDefinition(checkout)


class TestLog(SagaContract):
    @pytest.fixture
    def stage(self, log: OnLog) -> Stage:
        return log


async def test_a_scenario_that_is_wrong_fails(checkout: Definition) -> None:
    """The language itself can say no: of what is sent, and of where the saga is."""
    with pytest.raises(AssertionError, match=r"scene 2 sends \['charge'\], not \['commit'\]"):
        await STARTED.when(succeeded("reserve")).expect("commit").play(OnDefinition(checkout))
    with pytest.raises(AssertionError, match="after scene 1 the saga is running, not done"):
        await given({"order_id": "o1"}).expect("reserve", status=Status.DONE).play(OnDefinition(checkout))
