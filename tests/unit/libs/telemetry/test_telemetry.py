"""Log lines and correlation ids."""

import asyncio
import json
import logging
import sys

import pytest

from seawall.telemetry import (
    bind_correlation_id,
    bind_trace,
    configure_logging,
    current_correlation_id,
    current_trace_id,
    new_correlation_id,
)
from seawall.telemetry.logs import JsonFormatter


def line(message: str = "hello", **extra: object) -> dict[str, object]:
    record = logging.makeLogRecord(
        {"name": "shop", "levelno": logging.INFO, "levelname": "INFO", "msg": message, **extra}
    )
    made: dict[str, object] = json.loads(JsonFormatter("orders").format(record))
    return made


def test_a_record_becomes_one_line_of_json() -> None:
    """Time, level, service, logger and message are always there."""
    made = line("two\nlines")
    assert (made["level"], made["service"], made["logger"], made["message"]) == (
        "INFO",
        "orders",
        "shop",
        "two\nlines",
    )
    assert str(made["time"]).endswith("+00:00")


def test_extras_are_fields() -> None:
    """What a caller adds is beside the message, with its type."""
    assert line(items=3, sku="A-1")["items"] == 3


@pytest.mark.parametrize("name", ["password", "refresh_token", "Authorization", "cookie", "signing_key"])
def test_secrets_are_redacted(name: str) -> None:
    """A field whose name speaks of a secret is never shown."""
    assert line(**{name: "s3cret"})[name] == "[redacted]"


def test_secrets_inside_a_mapping_are_redacted() -> None:
    """Redaction goes into mappings."""
    assert line(request={"path": "/", "headers": {"cookie": "x"}})["request"] == {
        "path": "/",
        "headers": {"cookie": "[redacted]"},
    }


def test_secrets_inside_a_list_are_redacted() -> None:
    """Redaction goes into lists as well."""
    assert line(calls=[{"x-api-key": "k", "path": "/"}])["calls"] == [
        {"x-api-key": "[redacted]", "path": "/"}
    ]


def test_secrets_in_texts_are_redacted() -> None:
    """The password of a URL and a bearer token are found in messages, extras and tracebacks."""
    text = json.dumps(
        line("to postgresql://orders:hunter2@db/orders", sent="Authorization: Bearer abc.def.ghi")
    )
    assert "hunter2" not in text
    assert "abc.def" not in text
    assert "postgresql://orders:[redacted]@db/orders" in text


@pytest.mark.parametrize("text", ["http://127.0.0.1:8080/a@b", "kafka://h:9092", "the bearer of bad news"])
def test_what_is_no_secret_is_left(text: str) -> None:
    """Addresses and plain words stay readable."""
    assert line(text)["message"] == text


def test_an_extra_does_not_replace_what_every_line_has() -> None:
    """A caller cannot hide the service or the time by accident."""
    made = line(service="mine", time="never")
    assert (made["service"], made["extra_service"], made["extra_time"]) == ("orders", "mine", "never")


def test_an_exception_is_one_field_of_one_line() -> None:
    """The traceback is in the line, with its secrets redacted."""
    try:
        int("postgresql://u:hunter2@h/d")
    except ValueError:
        made = line(exc_info=sys.exc_info())
    assert "Traceback" in str(made["exception"])
    assert "u:[redacted]@h" in str(made["exception"])


def test_a_value_that_holds_itself_does_not_break_the_line() -> None:
    """The depth is bounded."""
    endless: dict[str, object] = {}
    endless["self"] = endless
    assert line(endless=endless)["message"] == "hello"


def test_what_is_configured_writes_lines_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """One line per record from the given level on; records of noisy libraries begin at WARNING."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        configure_logging("orders", "INFO")
        logging.getLogger("shop").debug("no")
        logging.getLogger("shop").info("yes")
        logging.getLogger("aiokafka.consumer").info("no")
    finally:
        root.handlers[:], root.level = before
    assert [json.loads(text)["message"] for text in capsys.readouterr().out.splitlines()] == ["yes"]


def test_what_json_cannot_hold_is_shown_by_its_repr() -> None:
    """A log line is never lost to an odd value."""
    assert "object object" in str(line(thing=object())["thing"])


def test_the_ids_are_on_every_line_of_their_block() -> None:
    """Inside the block correlation id and trace id are on the line, after it they are not."""
    with bind_correlation_id("abc-1"), bind_trace(None):
        assert (line()["correlation_id"], line()["trace_id"]) == ("abc-1", current_trace_id())
    assert {"correlation_id", "trace_id"}.isdisjoint(line())


async def test_tasks_inherit_the_id_and_do_not_leak_it() -> None:
    """A task has the id of the block that started it; its own binding stays its own."""

    async def inner() -> str | None:
        with bind_correlation_id("inner"):
            await asyncio.sleep(0)
            return current_correlation_id()

    with bind_correlation_id("outer"):
        assert await asyncio.create_task(inner()) == "inner"
        assert current_correlation_id() == "outer"


@pytest.mark.parametrize("odd", ["", "x" * 65, 'a"b', "line\nbreak", "späm"])
def test_an_id_that_is_not_plain_is_replaced(odd: str) -> None:
    """Ids come from outside and go into logs and headers."""
    with bind_correlation_id(odd):
        made = current_correlation_id()
    assert made is not None
    assert made != odd
    assert len(made) == len(new_correlation_id())
