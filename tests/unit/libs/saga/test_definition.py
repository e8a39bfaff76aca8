"""What a definition makes of its steps: commands, compensations, the point of no return."""

import pytest

from seawall.messaging import Message
from seawall.saga import Definition, Move, State, Status, Step
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


def moves(move: Move | None) -> tuple[str, str] | None:
    return None if move is None else (move.status.value, move.step.name)


def test_steps_follow_each_other() -> None:
    """The last one ends the saga."""
    definition = checkout()
    assert [moves(definition.on_success(step.name)) for step in definition.steps] == [
        ("running", "score"),
        ("running", "charge"),
        ("running", "commit"),
        ("done", "commit"),
    ]


@pytest.mark.parametrize(
    ("step", "refused", "timed_out"),
    [
        ("reserve", ("compensated", "reserve"), ("compensating", "reserve")),
        ("score", ("compensating", "reserve"), ("compensating", "reserve")),
        ("charge", ("compensating", "reserve"), ("compensating", "charge")),
        ("commit", None, None),
    ],
)
def test_there_is_a_way_back_until_the_pivot_has_succeeded(
    step: str, refused: tuple[str, str] | None, timed_out: tuple[str, str] | None
) -> None:
    """A step without a compensation needs none; a step that timed out may have been done."""
    definition = checkout()
    assert moves(definition.on_failure(step)) == refused
    assert moves(definition.on_timeout(Status.RUNNING, step)) == timed_out


def test_without_a_pivot_there_is_a_way_back_to_the_end() -> None:
    """The last step can be undone, too."""
    assert moves(checkout(pivot=False).on_failure("commit")) == ("compensating", "charge")


def test_undoing_goes_on_in_reverse_and_never_gives_up() -> None:
    """A time-out of a compensation changes nothing: it is sent again."""
    definition = checkout()
    assert moves(definition.on_undone("charge")) == ("compensating", "reserve")
    assert moves(definition.on_undone("reserve")) == ("compensated", "reserve")
    assert definition.on_timeout(Status.COMPENSATING, "charge") is None


def test_a_message_has_the_id_of_its_saga_and_step() -> None:
    """Whoever sends it again sends the same message; a repetition on purpose is another one."""
    definition, state = checkout(), {"order": "o1"}
    charge = definition.step("charge")
    ids = [
        definition.message("o1", Move(status, charge), state, attempt)[0].id
        for status in (Status.RUNNING, Status.COMPENSATING)
        for attempt in (0, 0, 1)
    ]
    assert ids[:3] == ["o1:charge", "o1:charge", "o1:charge:again1"]
    assert ids[3:] == ["o1:charge:compensate", "o1:charge:compensate", "o1:charge:compensate:again1"]


def test_what_the_state_carries_is_in_every_message() -> None:
    """So a correlation id in the state goes all the way, whoever moves the saga."""
    definition, state = checkout(), {"order": "o1", "correlation_id": "edge-1"}
    charge = definition.step("charge")
    both = [definition.message("o1", Move(s, charge), state) for s in (Status.RUNNING, Status.COMPENSATING)]
    assert {m.correlation_id for messages in both for m in messages} == {"edge-1"}


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
