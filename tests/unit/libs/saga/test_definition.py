"""What a definition makes of its steps: commands, compensations, the point of no return."""

import pytest

from seawall.messaging import Message
from seawall.saga import Definition, State, Step
from seawall.saga.definition import Command


def send(topic: str) -> Command:
    def make(state: State) -> Message:
        return Message(topic, state["order"], "T", "random", "tests", b"", state.get("correlation_id"), 0)

    return make


def checkout(*, pivot: bool = True) -> Definition:
    return Definition(
        "checkout",
        [
            Step("reserve", send("reserve"), send("release")),
            Step("score", send("score")),
            Step("charge", send("charge"), send("void"), pivot=pivot),
            Step("commit", send("commit")),
        ],
    )


def test_steps_follow_each_other() -> None:
    """The last one is followed by nothing."""
    definition = checkout()
    names, step = [], definition.steps[0]
    while (following := definition.after(step.name)) is not None:
        names.append(following.name)
        step = following
    assert names == ["score", "charge", "commit"]


def test_a_command_has_the_id_of_its_saga_and_step() -> None:
    """Whoever sends it again sends the same message; a repetition on purpose is another one."""
    definition = checkout()
    charge = definition.step("charge")
    ids = [definition.commands("o1", charge, {"order": "o1"}, attempt)[0].id for attempt in (0, 0, 1)]
    assert ids == ["o1:charge", "o1:charge", "o1:charge:again1"]


@pytest.mark.parametrize(
    ("step", "itself", "undone"),
    [
        ("reserve", False, []),
        ("reserve", True, ["release"]),
        ("score", False, ["release"]),
        ("charge", False, ["release"]),
        ("charge", True, ["void", "release"]),
    ],
)
def test_compensations_come_in_reverse_and_skip_what_leaves_nothing(
    step: str, itself: bool, undone: list[str]
) -> None:
    """A step without a compensation needs none; the step itself counts if its outcome is unknown."""
    messages = checkout().compensations("o1", step, {"order": "o1"}, itself=itself)
    assert [m.topic for m in messages] == undone
    assert all(m.id.startswith("o1:") and m.id.endswith(":compensate") for m in messages)


@pytest.mark.parametrize(("pivot", "undoable"), [(True, [True, True, True, False]), (False, [True] * 4)])
def test_there_is_a_way_back_until_the_pivot_has_succeeded(pivot: bool, undoable: list[bool]) -> None:
    """Without a pivot there is one to the end."""
    definition = checkout(pivot=pivot)
    assert [definition.can_be_undone(step.name) for step in definition.steps] == undoable


def test_what_the_state_carries_is_in_every_message() -> None:
    """So a correlation id in the state goes all the way, whoever moves the saga."""
    definition = checkout()
    state = {"order": "o1", "correlation_id": "edge-1"}
    messages = definition.compensations("o1", "charge", state, itself=True)
    messages += definition.commands("o1", definition.step("commit"), state)
    assert {m.correlation_id for m in messages} == {"edge-1"}


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        ([], "no steps"),
        ([Step("a", send("a")), Step("a", send("b"))], "two steps of one name"),
        ([Step("a", send("a"), pivot=True), Step("b", send("b"), pivot=True)], "more than one pivot"),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused(steps: list[Step], complaint: str) -> None:
    """At the start of the service, not at the first purchase."""
    with pytest.raises(ValueError, match=complaint):
        Definition("odd", steps)
