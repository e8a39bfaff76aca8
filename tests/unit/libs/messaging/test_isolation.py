"""Finding what fails in a batch; deliveries that fail on demand stand in for handlers."""

from collections.abc import Sequence

import pytest

from seawall.messaging import Message
from seawall.messaging.isolation import Lane, isolate

ERROR = RuntimeError("the batch failed")


def lane(key: str, *ids: str) -> Lane:
    return [Message("t", key, "T", i, "tests", b"", None, 0, {}, f"t:0:{n}") for n, i in enumerate(ids)]


class Deliveries:
    """Refuses a call with one of the bad ids in it."""

    def __init__(self, *bad: str, works: bool = True) -> None:
        self._bad = set(bad)
        self._works = works
        self.calls = 0
        self.ids: list[str] = []

    async def __call__(self, messages: Sequence[Message]) -> None:
        self.calls += 1
        ids = [m.id for m in messages]
        if not self._works or self._bad & set(ids):
            raise ValueError(",".join(sorted(self._bad & set(ids))))
        self.ids += ids


@pytest.mark.parametrize("count", [2, 3, 100, 500])
async def test_one_bad_lane_is_found_in_few_calls(count: int) -> None:
    """Twice the logarithm of their number; all others are handled once."""
    deliver = Deliveries("7" if count > 7 else "1")
    isolated = await isolate([lane(f"k{n}", f"{n}") for n in range(count)], ERROR, deliver)
    ((failed, error),) = isolated.failed
    assert str(error) == failed[0].id
    assert sorted([*deliver.ids, failed[0].id], key=int) == [f"{n}" for n in range(count)]
    assert deliver.calls <= 2 * count.bit_length()


async def test_a_lane_is_handled_up_to_its_first_bad_message() -> None:
    """What is behind it waits with it."""
    deliver = Deliveries("4", "6")
    isolated = await isolate([lane("k", *"0123456789")], ERROR, deliver)
    ((failed, error),) = isolated.failed
    assert deliver.ids == list("0123")
    assert [m.id for m in failed] == list("456789")
    assert "4" in str(error)


async def test_a_message_that_stands_alone_is_not_tried_again() -> None:
    """It has just failed."""
    deliver = Deliveries("0")
    isolated = await isolate([lane("k", "0")], ERROR, deliver)
    assert [(m[0].id, e) for m, e in isolated.failed] == [("0", ERROR)]
    assert deliver.calls == 0


async def test_where_nothing_works_the_search_is_given_up_and_nobody_is_blamed() -> None:
    """500 messages of a store that is away cost some calls, not 1,000, and no attempt of a message."""
    deliver = Deliveries(works=False)
    isolated = await isolate([lane(f"k{n}", f"{n}") for n in range(500)], ERROR, deliver)
    assert isolated.failed == []
    assert len(isolated.given_up) == 500
    assert deliver.calls < 20


async def test_half_of_the_lanes_may_be_bad() -> None:
    """Each round makes progress; what it gave up comes in the next one."""
    bad = [f"{n}" for n in range(0, 64, 2)]
    deliver = Deliveries(*bad)
    left = [lane(f"k{n}", f"{n}") for n in range(64)]
    for _ in range(100):
        isolated = await isolate(left, ERROR, deliver)
        left = isolated.given_up
        if not left:
            break
    assert sorted(deliver.ids, key=int) == [f"{n}" for n in range(1, 64, 2)]
