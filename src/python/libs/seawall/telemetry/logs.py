"""Logs as JSON lines on stdout."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec

from seawall.telemetry.correlation import current_correlation_id
from seawall.telemetry.redaction import redacted, scrubbed

# What a LogRecord has anyway; everything else on it came in by `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """One line of JSON per record: time, level, service, logger, message, correlation_id, and `extra`."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service
        self._encoder = msgspec.json.Encoder(enc_hook=repr)

    def format(self, record: logging.LogRecord) -> str:
        """The line. Secrets among the extras are redacted; what JSON cannot hold goes in by its repr."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        correlation_id = current_correlation_id()
        if correlation_id is not None:
            line["correlation_id"] = correlation_id
        for name, value in vars(record).items():
            if name not in _STANDARD:
                line[f"extra_{name}" if name in line else name] = redacted(name, value)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = record.stack_info
        return scrubbed(self._encode(line))

    def _encode(self, line: dict[str, Any]) -> str:
        try:
            return self._encoder.encode(line).decode()
        except (TypeError, ValueError, UnicodeError):
            return self._encoder.encode({name: repr(value) for name, value in line.items()}).decode()


def configure_logging(service: str, level: str = "INFO") -> None:
    """Sends the logs of this process to stdout as JSON lines. Replaces what was configured before."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # No line shows them, and each record would ask the kernel for them.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # They repeat at INFO what we log ourselves, or what nobody asked for.
    for chatty in ("aiohttp.access", "aiokafka", "alembic", "sqlalchemy.engine", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
