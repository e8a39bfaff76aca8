"""Log lines and correlation ids."""

import asyncio
import json
import logging

import pytest

from seawall.telemetry import bind_correlation_id, current_correlation_id, new_correlation_id
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


def test_what_json_cannot_hold_is_shown_by_its_repr() -> None:
    """A log line is never lost to an odd value."""
    assert "object object" in str(line(thing=object())["thing"])


def test_the_correlation_id_is_on_every_line_of_its_block() -> None:
    """Inside the block the id is on the line, after it it is not."""
    with bind_correlation_id("abc-1"):
        assert line()["correlation_id"] == "abc-1"
    assert "correlation_id" not in line()


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
