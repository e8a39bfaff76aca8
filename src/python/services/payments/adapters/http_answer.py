"""Reads one HTTP/1.1 answer (RFC 9112) that is framed by Content-Length or by chunks."""

import re
from dataclasses import dataclass

MAX_ANSWER_BYTES = 1024 * 1024
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([^\r\n]*?)[ \t]*(?=\r)", re.IGNORECASE)
_CODING = re.compile(rb"\r\ntransfer-encoding:[ \t]*([^\r\n]*?)[ \t]*(?=\r)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection:[^\r\n]*\bclose\b", re.IGNORECASE)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")


class Unreadable(Exception):
    """What came is no HTTP/1.1 answer, or one that is framed in another way, or too large."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, and whether the connection may be used again."""

    status: int
    body: bytes
    keeps_alive: bool


def parse(received: bytearray) -> Answer | None:
    """Returns the answer once it is whole, else None. Raises Unreadable."""
    if len(received) > MAX_ANSWER_BYTES:
        raise Unreadable("the answer is too large")
    while True:
        end = received.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = bytes(received[: end + 2])
        status = _status(head)
        if status >= 200:
            break
        del received[: end + 4]  # An interim answer (1xx): the one that counts follows.
    found = _body(status, head, received, end + 4)
    if found is None:
        return None
    body, end = found
    # Bytes after the answer belong to no request: such a connection is not used again.
    keeps_alive = end == len(received) and head.startswith(b"HTTP/1.1") and not _CLOSE.search(head)
    return Answer(status, body, keeps_alive)


def _status(head: bytes) -> int:
    found = _STATUS.match(head)
    if found is None:
        raise Unreadable("no status line")
    return int(found[1])


def _body(status: int, head: bytes, received: bytearray, begin: int) -> tuple[bytes, int] | None:
    """The body and where it ends, or None while it is not whole."""
    lengths, coding = _LENGTH.findall(head), _CODING.search(head)
    if status in (204, 304):
        return b"", begin
    if coding is not None:
        if lengths or coding[1].lower() != b"chunked":
            raise Unreadable("framed in a way that is not understood")
        return _chunks(received, begin)
    if len(set(lengths)) != 1 or not lengths[0].isdigit():
        raise Unreadable("no (single) Content-Length")
    end = begin + int(lengths[0])
    return (bytes(received[begin:end]), end) if len(received) >= end else None


def _chunks(received: bytearray, begin: int) -> tuple[bytes, int] | None:
    parts: list[bytes] = []
    while True:
        if received.find(b"\r\n", begin) < 0:
            return None
        size_line = _CHUNK.match(received, begin)
        if size_line is None:
            raise Unreadable("malformed chunk")
        size, begin = int(size_line[1], 16), size_line.end()
        if size == 0:
            return _trailer(received, begin, b"".join(parts))
        if len(received) < begin + size + 2:
            return None
        parts.append(bytes(received[begin : begin + size]))
        begin += size + 2


def _trailer(received: bytearray, begin: int, body: bytes) -> tuple[bytes, int] | None:
    """Skips the trailer section, which ends with an empty line."""
    if received.startswith(b"\r\n", begin):
        return body, begin + 2
    end = received.find(b"\r\n\r\n", begin)
    return (body, end + 4) if end >= 0 else None
