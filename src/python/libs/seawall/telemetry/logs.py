"""Logs as JSON lines on stdout."""

import logging
import sys
import time
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

from seawall.telemetry.correlation import current_correlation_id
from seawall.telemetry.redaction import redacted, scrubbed
from seawall.telemetry.repetition import OncePerMinute
from seawall.telemetry.trace_context import current_trace_id

# What a LogRecord has anyway; everything else on it came in by `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """A line of JSON per record: time, level, service, logger, message, the ids of the work, and `extra`."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service
        self._encoder = msgspec.json.Encoder(enc_hook=repr)
        # The second that was written last: one tuple, so that threads see both of it or neither.
        self._second = (0, "")

    def format(self, record: logging.LogRecord) -> str:
        """The line. Secrets among the extras are redacted; what JSON cannot hold goes in by its repr."""
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        line = self._line(record.created, record.levelname, record.name, record.getMessage(), extra)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = record.stack_info
        return scrubbed(self._encode(line))

    def pieces(self, logger: str, message: str, fields: Mapping[str, Any]) -> tuple[str, str]:
        """What every line of INFO like this has between its time and its ids, and after them."""
        head = {"level": "INFO", "service": self._service, "logger": logger, "message": message}
        shown = {name: redacted(name, value) for name, value in fields.items()}
        return scrubbed(self._encode(head))[1:-1], scrubbed(self._encode(shown))[1:-1]

    def now(self) -> str:
        """As it stands in a line."""
        return self._time(time.time())

    def _line(
        self, seconds: float, level: str, logger: str, message: str, fields: Mapping[str, Any]
    ) -> dict[str, Any]:
        line: dict[str, Any] = {
            "time": self._time(seconds),
            "level": level,
            "service": self._service,
            "logger": logger,
            "message": message,
        }
        correlation_id = current_correlation_id()
        if correlation_id is not None:
            line["correlation_id"] = correlation_id
        trace_id = current_trace_id()
        if trace_id is not None:
            line["trace_id"] = trace_id
        for name, value in fields.items():
            line[f"extra_{name}" if name in line else name] = redacted(name, value)
        return line

    def _time(self, seconds: float) -> str:
        whole = int(seconds)
        second, text = self._second
        if whole != second:
            text = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
            self._second = (whole, text)
        return f"{text}.{int((seconds - whole) * 1000):03d}+00:00"

    def _encode(self, line: dict[str, Any]) -> str:
        try:
            return self._encoder.encode(line).decode()
        except (TypeError, ValueError, UnicodeError):
            return self._encoder.encode({name: repr(value) for name, value in line.items()}).decode()


class JsonLines(logging.StreamHandler[TextIO]):
    """The handler of a process: one stream, one formatter."""

    def __init__(self, stream: TextIO, formatter: JsonFormatter) -> None:
        super().__init__(stream)
        self.setFormatter(formatter)
        self.json = formatter

    def write(self, line: str) -> None:
        """Writes a line that is made already."""
        with self.lock or nullcontext():
            self.stream.write(line + self.terminator)
            self.stream.flush()


def only_handler(logger: logging.Logger) -> JsonLines | None:
    """The handler of configure_logging, if nobody else listens to the logger or changes what it says."""
    while logger.parent is not None:
        if logger.handlers or logger.filters or not logger.propagate:
            return None
        logger = logger.parent
    only = logger.handlers[0] if len(logger.handlers) == 1 else None
    return only if isinstance(only, JsonLines) else None


def configure_logging(service: str, level: str = "INFO") -> None:
    """Sends the logs of this process to stdout as JSON lines. Replaces what was configured before."""
    handler = JsonLines(sys.stdout, JsonFormatter(service))
    handler.addFilter(OncePerMinute(["aiokafka"]))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # No line shows them, and each record would ask the kernel for them.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # They repeat at INFO what we log ourselves, or what nobody asked for.
    for chatty in ("aiohttp.access", "aiokafka", "alembic", "sqlalchemy.engine", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
