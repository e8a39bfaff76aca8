"""What a run leaves: figures, one page, tables."""

import json
from dataclasses import replace

import pytest

from tools.rehearsal.chaos.faults import PROVIDER, Entry, Fault, Kind
from tools.rehearsal.flags import parse
from tools.rehearsal.invariants import check
from tools.rehearsal.processes import ProcessWatch, Usage
from tools.rehearsal.recorder import Recorder, percentiles_ms
from tools.rehearsal.report import figures, write
from tools.rehearsal.run import Rehearsal
from tools.rehearsal.series import series_of
from tools.rehearsal.table import columns, summary
from unit.tools.rehearsal.snapshots import PLACED, healthy


def rehearsal(snapshot=None) -> Rehearsal:
    recorder = Recorder()
    for number in range(100):
        recorder.arrived(number / 25)
        recorder.answered("buy", "202", number / 25, (number + 1) / 1000)
        recorder.accept(f"order-{number}", number / 25)
    recorder.answered("browse sale", "200", 0.5, 0.003)
    recorder.failed("buy", "no answer")
    return Rehearsal(
        run_id="rehearsal-1",
        flags=parse(["--duration", "4", "--rate", "25"]),
        started_at=PLACED.timestamp(),
        recorder=recorder,
        snapshot=snapshot or healthy(),
        unrest={},
        quiet_seconds=1.0,
        watch=ProcessWatch(dict),
    )


def test_percentiles_are_those_of_an_hdr_histogram():
    """Three significant digits, in milliseconds; nothing recorded gives zeros."""
    summary_ms = percentiles_ms(number / 1000 for number in range(1, 1001))
    assert summary_ms["p50"] == pytest.approx(500, rel=0.002)
    assert summary_ms["p99"] == pytest.approx(990, rel=0.002)
    assert summary_ms["max"] == pytest.approx(1000, rel=0.002)
    assert percentiles_ms([])["p99"] == 0


def test_series_count_each_second():
    """Arrivals and accepts by when they were, confirmations by the store's time."""
    run = rehearsal()
    series = series_of(run.recorder, run.snapshot.orders.values(), run.started_at)
    assert series.arrivals == series.accepted == [25, 25, 25, 25]
    assert series.confirmed == [0, 2, 0, 0]
    assert series.cancelled == [0, 2, 0, 0]
    assert series.max_ms == [25, 50, 75, 100]


def test_figures_hold_rates_latencies_and_verdicts():
    """The headline is what a person asks first."""
    run = rehearsal()
    report = figures(run, check(run.snapshot))
    assert report["headline"]["accepted_per_second"] == 25
    assert report["headline"]["confirmed_per_second"] == 0.5
    assert report["headline"]["accept_p99_ms"] == pytest.approx(99, rel=0.01)
    assert report["headline"]["to_confirmed_p50_ms"] == pytest.approx(1000, rel=0.01)
    assert report["orders"]["in_store"] == {
        "confirmed": 2,
        "cancelled: deadline": 1,
        "cancelled: declined": 1,
    }
    assert report["holds"] is True


def test_json_and_a_page_that_needs_nothing_else_are_written(tmp_path):
    """The page has its plots inline and loads nothing; the JSON reads back."""
    run = rehearsal()
    report = figures(run, check(run.snapshot))
    as_json, as_html = write(report, run, tmp_path / "reports")
    assert json.loads(as_json.read_bytes())["run_id"] == "rehearsal-1"
    page = as_html.read_text()
    assert page.count("<svg") == 2
    assert "every promise was kept" in page
    for loading in ("<script", "<link", "src=", "url(http"):
        assert loading not in page


def test_faults_are_marks_on_the_time_axis_and_rows_of_a_table(tmp_path):
    """With their ends; in the JSON, on the page and in the terminal."""
    run = rehearsal()
    run.faults = [
        Entry(Fault(0.5, Kind.KILL, "orders-2"), 0.5, 2.0),
        Entry(Fault(1.0, Kind.SLOW, PROVIDER, 2.0), 1.0),
        Entry(Fault(1.5, Kind.PAUSE, "payments", 2.0), 1.5, skipped="it is down"),
    ]
    report = figures(run, check(run.snapshot))
    assert report["faults"][0] == {
        "began_seconds": 0.5,
        "ended_seconds": 2.0,
        "target": "orders-2",
        "kind": "kill",
        "skipped": "",
    }
    as_json, as_html = write(report, run, tmp_path)
    assert len(json.loads(as_json.read_bytes())["faults"]) == 3
    page = as_html.read_text()
    drawing = page[page.index("<svg") : page.index("</svg>")]
    assert ">orders-2</text>" in drawing
    assert ">payments</text>" not in drawing
    assert "skipped: it is down" in page
    assert "2 faults (orders-2 kill: 1, provider slow: 1), 1 skipped" in summary(report)


def test_a_broken_promise_is_shown_with_examples(tmp_path):
    """On the page and in the terminal, escaped."""
    run = rehearsal(replace(healthy(), accepted=frozenset({"<lost>"})))
    report = figures(run, check(run.snapshot))
    _, as_html = write(report, run, tmp_path)
    assert report["holds"] is False
    assert "order &lt;lost&gt; was accepted (202) and is lost" in as_html.read_text()
    text = summary(report)
    assert "BROKEN" in text
    assert "order <lost> was accepted (202) and is lost" in text


def test_the_summary_ends_with_the_headline():
    """Rates, accept latency, time to confirmed."""
    run = rehearsal()
    lines = summary(figures(run, check(run.snapshot))).splitlines()
    assert lines[-3].startswith("arrivals 25.0/s, accepted 25.0/s, confirmed 0.5/s (2 in the best second)")
    assert lines[-2].startswith("accept latency p50 50.")
    assert lines[-1].startswith("time to confirmed p50 1,00")


def test_memory_that_grows_is_told(tmp_path):
    """Beside its figures in the terminal and on the page, where it is drawn over time, too."""
    run = rehearsal()
    run.watch = Watched(usage("steady", [50] * 40), usage("leaking", range(50, 130, 2)))
    report = figures(run, check(run.snapshot))
    assert {p["name"]: p["grew"] for p in report["processes"]} == {"steady": False, "leaking": True}
    _, as_html = write(report, run, tmp_path)
    assert ">leaking</text>" in as_html.read_text()
    assert "+39 GREW" in summary(report)


def test_an_overload_says_how_long_the_recovery_took():
    """In seconds, in the terminal; nothing where there was no overload."""
    run = rehearsal()
    assert "overload" not in summary(figures(run, check(run.snapshot)))
    run.flags = parse(["--duration", "4", "--rate", "25", "--profile", "overload"])
    assert "NOT back to normal" in summary(figures(run, check(run.snapshot)))


class Watched(ProcessWatch):
    """Processes that were looked at every 0.1 s of a run of 4 s."""

    def __init__(self, *usages):
        super().__init__(dict)
        self._seen = usages

    def usages(self):
        return list(self._seen)


def usage(name, mibs):
    memory = [(index / 10, float(mib)) for index, mib in enumerate(mibs)]
    return Usage(name, 1, rss_mib=memory[-1][1], peak_rss_mib=memory[-1][1], memory=memory)


def test_columns_are_aligned_figures_to_the_right():
    """A column of figures is set to the right, another to the left."""
    assert columns(["name", "n"], [["a", "1,000"], ["bcd", "2"]]).splitlines() == [
        "name      n",
        "----  -----",
        "a     1,000",
        "bcd       2",
    ]
