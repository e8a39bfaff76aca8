"""How turns become figures, and figures a table."""

import msgspec
import pytest

from tools.libbench.cli import parse
from tools.libbench.comparison import Beside, Comparison, Run
from tools.libbench.report import as_table, beside, write
from tools.libbench.rounds import OURS, measure


class Machine:
    """A machine on which an operation takes as long as a test says; it notes who ran when."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turns: list[str] = []

    def clock(self) -> float:
        return self.now

    def takes(self, name: str, seconds: float) -> Run:
        async def run(operations: int) -> None:
            self.now += seconds * operations
            self.turns.append(name)

        return run


@pytest.fixture
def machine() -> Machine:
    return Machine()


def comparison(machine: Machine, kind: Beside) -> Comparison:
    others = {"slow": machine.takes("slow", 4e-6), "bare": machine.takes("bare", 1e-6)}
    return Comparison("work", machine.takes(OURS, 2e-6), others, kind, target="<= 5 us")


async def test_an_operation_is_timed_by_the_turn(machine: Machine) -> None:
    """A contender's figure is its turn's time over the operations that fitted into it."""
    [result] = await measure(
        "lib", [comparison(machine, Beside.TIMES)], rounds=3, turn_seconds=0.1, clock=machine.clock
    )
    assert result.microseconds == {
        OURS: pytest.approx([2.0] * 3),
        "slow": pytest.approx([4.0] * 3),
        "bare": pytest.approx([1.0] * 3),
    }


async def test_another_one_begins_each_round(machine: Machine) -> None:
    """Whoever runs first after another has the colder cache: they take turns in that too."""
    await measure("lib", [comparison(machine, Beside.TIMES)], rounds=3, turn_seconds=0.1, clock=machine.clock)
    assert machine.turns[-9:] == [OURS, "slow", "bare", "slow", "bare", OURS, "bare", OURS, "slow"]


@pytest.mark.parametrize(("kind", "slow", "bare"), [(Beside.TIMES, 2.0, 0.5), (Beside.ADDED, -2.0, 1.0)])
async def test_ours_is_set_beside_each_other(
    machine: Machine, kind: Beside, slow: float, bare: float
) -> None:
    """As a ratio of times, or as what ours takes more."""
    [result] = await measure(
        "lib", [comparison(machine, kind)], rounds=1, turn_seconds=0.1, clock=machine.clock
    )
    assert beside(result, "slow") == pytest.approx([slow])
    assert beside(result, "bare") == pytest.approx([bare])


async def test_the_table_and_the_json_say_the_same(machine: Machine, tmp_path) -> None:
    """A row for each contender, the target with ours; the file has every value."""
    results = await measure(
        "lib", [comparison(machine, Beside.ADDED)], rounds=3, turn_seconds=0.1, clock=machine.clock
    )
    lines = as_table(results).splitlines()
    assert "seawall" in lines[2] and "<= 5 us" in lines[2]
    assert "slow" in lines[3] and "-2.00 us" in lines[3]
    write(results, 3, tmp_path / "out" / "figures.json")
    [entry] = msgspec.json.decode((tmp_path / "out" / "figures.json").read_bytes())["results"]
    assert entry["median_beside"] == pytest.approx({"slow": -2.0, "bare": 1.0})


@pytest.mark.parametrize("flags", [["--rounds", "0"], ["--turn-ms", "x"], ["--only", "nothing"]])
def test_a_bad_flag_is_refused(flags: list[str]) -> None:
    """With exit code 2, before anything is measured."""
    with pytest.raises(SystemExit) as refused:
        parse(flags)
    assert refused.value.code == 2
