"""Lines that are put together from pieces: they are the lines that a record would have made."""

import json
import logging

import pytest

from seawall.telemetry import RepeatedLine, bind_correlation_id, bind_trace, configure_logging

LOG = logging.getLogger("shop.requests")


def read(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    "fields", [{}, {"route": "/sales/{sale_id}", "status": 200}, {"token": "s3cret", "odd": '"\n\\'}]
)
def test_it_is_the_line_of_a_record(capsys: pytest.CaptureFixture[str], fields: dict[str, object]) -> None:
    """But for the time, which is later."""
    configure_logging("orders")
    with bind_correlation_id("one:2"), bind_trace(None):
        LOG.info('it is "done"', extra={**fields, "milliseconds": 1.25})
        RepeatedLine(LOG, 'it is "done"', "milliseconds", **fields).log(1.25)
    by_record, by_pieces = read(capsys)
    assert list(by_pieces) == list(by_record)
    assert {**by_pieces, "time": by_record["time"]} == by_record


def test_outside_of_any_work_it_has_no_ids(capsys: pytest.CaptureFixture[str]) -> None:
    """As every line."""
    configure_logging("orders")
    RepeatedLine(LOG, "request", "milliseconds").log(0.0)
    assert set(read(capsys)[0]) == {"time", "level", "service", "logger", "message", "milliseconds"}


def test_who_listens_gets_a_record(caplog: pytest.LogCaptureFixture) -> None:
    """With the fields and the number."""
    with caplog.at_level(logging.INFO, logger=LOG.name):
        RepeatedLine(LOG, "request", "milliseconds", route="/").log(2.5)
    (record,) = caplog.records
    assert (record.getMessage(), vars(record)["route"], vars(record)["milliseconds"]) == ("request", "/", 2.5)


def test_below_the_level_it_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """The level may change at any time."""
    configure_logging("orders")
    line = RepeatedLine(LOG, "request", "milliseconds")
    line.log(1.0)
    configure_logging("orders", "WARNING")
    line.log(2.0)
    assert [each["milliseconds"] for each in read(capsys)] == [1.0]


def test_it_follows_a_new_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    """The pieces hold the name of the service."""
    configure_logging("orders")
    line = RepeatedLine(LOG, "request", "milliseconds")
    line.log(1.0)
    configure_logging("payments")
    line.log(2.0)
    assert [each["service"] for each in read(capsys)] == ["orders", "payments"]
