"""How rounds become a table."""

import msgspec

from tools.bench.accept import AcceptFigures
from tools.bench.flags import parse
from tools.bench.report import as_json, as_table, highest_held, measures, write
from tools.bench.rounds import HOT, MANY, REFERENCE, Round
from tools.bench.step import Figures

ACCEPT = AcceptFigures(
    rate=500,
    bare_p50_ms=1,
    bare_p99_ms=4,
    ours_p50_ms=5,
    ours_p99_ms=20,
    slow_p50_ms=5,
    slow_p99_ms=22,
    turned_away=0,
)


def step(offered: float, confirmed: float) -> Figures:
    return Figures(
        offered=offered,
        arrivals=offered,
        confirmed=confirmed,
        confirmed_to_the_end=confirmed,
        held=confirmed >= 0.95 * offered,
        turned_away=0,
        orders=int(confirmed) * 10,
        answer_p50_ms=10,
        answer_p99_ms=20,
        confirm_p50_ms=30,
        confirm_p99_ms=40,
        cpu_ms_per_order=2,
        cpu_seconds={"orders": 1.0},
        others_cores=0.1,
    )


def rounds() -> list[Round]:
    """Seawall beside a reference of 100, 80 and 90 per second: ten, fifteen and eleven times as much."""
    return [
        Round(
            {
                REFERENCE: [step(60, 60), step(200, reference)],
                HOT: [step(ours, ours)],
                MANY: [step(ours, ours)],
            },
            ACCEPT,
        )
        for reference, ours in ((100, 1000), (80, 1200), (90, 990))
    ]


def test_a_climb_is_summed_up_by_its_best_figures():
    """Beyond the knee more may come in than before, or less."""
    steps = [step(100, 100), step(200, 199), step(300, 250), step(400, 180)]
    assert highest_held(steps) == steps[1]
    assert highest_held(steps[2:]) is None
    found = {measure.what: measure.values for measure in measures([Round({HOT: steps})])}
    assert found[f"{HOT}: confirmed per second, at most"] == [250]
    assert found[f"{HOT}: highest rate held"] == [200]


def test_a_ratio_is_one_of_figures_of_the_same_round():
    """Median and spread are those of the ratios, not of their parts."""
    found = {measure.what: measure for measure in measures(rounds())}
    ratio = found["Seawall / reference, confirmed per second"]
    assert ratio.values == [10, 15, 11]
    assert ratio.median == 11
    assert ratio.cells()[1:] == ["11x", "10 to 15", "3", ">= 10x"]
    assert found["accept: Seawall / bare, p99"].values == [5, 5, 5]


def test_what_was_not_measured_has_no_line():
    """The time was over after the reference, or only a part was asked for."""
    only_reference = [Round({REFERENCE: [step(60, 60)]})]
    assert {measure.what.partition(":")[0] for measure in measures(only_reference)} == {REFERENCE}
    assert measures([Round()]) == []
    assert "measure" in as_table([Round()])


def test_a_reference_that_confirmed_nothing_gives_no_ratio():
    """There is nothing to divide by."""
    nothing = Round({REFERENCE: [step(60, 0)], HOT: [step(100, 100)]})
    assert not any("/ reference, confirmed" in measure.what for measure in measures([nothing]))


def test_the_json_has_every_step(tmp_path):
    """What the table is made of can be read again."""
    flags = parse(["--report-dir", str(tmp_path / "new")])
    written = msgspec.json.decode(write(rounds(), flags).read_bytes())
    expected = msgspec.json.decode(msgspec.json.encode(as_json(rounds(), flags)))
    assert written["rounds"] == expected["rounds"]
    assert written["measures"] == expected["measures"]
    assert written["flags"]["rounds"] == 3


def test_a_climb_that_reached_no_limit_is_told():
    """What it shows is a lower bound, and so is each ratio with it."""
    table = as_table([Round({REFERENCE: [step(60, 60)]}), Round({REFERENCE: [step(60, 60), step(75, 10)]})])
    assert f"{REFERENCE}: in 1 of 2 rounds the limit was not reached" in table
