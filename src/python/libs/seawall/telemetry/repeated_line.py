"""A line of log of which there is one per request: all but its time, its ids and one number is known."""

import logging
from typing import Any

from seawall.telemetry.correlation import current_correlation_id
from seawall.telemetry.logs import JsonLines, only_handler
from seawall.telemetry.trace_context import current_trace_id


class RepeatedLine:
    """As `logger.info(message, extra={**fields, number: value})`.

    Where only the handler of configure_logging listens it is put together from pieces that were encoded
    once; no LogRecord is made, which is most of the cost.
    """

    def __init__(self, logger: logging.Logger, message: str, number: str, **fields: Any) -> None:
        self._logger = logger
        self._message = message
        self._number = number
        self._fields = fields
        self._handler: JsonLines | None = None
        self._head = self._tail = ""

    def log(self, value: float) -> None:
        """Now, with this number, which is finite."""
        if not self._logger.isEnabledFor(logging.INFO):
            return
        handler = only_handler(self._logger)
        if handler is None:
            self._logger.info(self._message, extra={**self._fields, self._number: value})
            return
        if handler is not self._handler:
            self._encode_for(handler)
        # Ids are plain, and numbers are: nothing in them has to be escaped.
        correlation_id, trace_id = current_correlation_id(), current_trace_id()
        work = "" if correlation_id is None else f',"correlation_id":"{correlation_id}"'
        trace = "" if trace_id is None else f',"trace_id":"{trace_id}"'
        handler.write(f'{{"time":"{handler.json.now()}",{self._head}{work}{trace}{self._tail}{value!r}}}')

    def _encode_for(self, handler: JsonLines) -> None:
        head, fields = handler.json.pieces(self._logger.name, self._message, self._fields)
        self._head = head
        self._tail = f',{fields}{"," if fields else ""}"{self._number}":'
        self._handler = handler
