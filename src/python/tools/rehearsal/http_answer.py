"""Reads what our gateway answers: a Content-Length or chunks; no trailers, no upgrade."""

import re

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


def parse(buffer: bytearray) -> tuple[int, bytes, bool] | None:
    """Returns (status, body, whether the connection stays open) once the answer is whole."""
    head_end = buffer.find(b"\r\n\r\n")
    if head_end < 0:
        return None
    head = bytes(buffer[:head_end])
    status = int(head[9:12])
    keeps_alive = _CLOSE.search(head) is None
    begin = head_end + 4
    if length := _LENGTH.search(head):
        end = begin + int(length[1])
        return (status, bytes(buffer[begin:end]), keeps_alive) if len(buffer) >= end else None
    if _CHUNKED.search(head):
        body = _dechunk(buffer, begin)
        return None if body is None else (status, body, keeps_alive)
    return status, b"", keeps_alive


def _dechunk(buffer: bytearray, begin: int) -> bytes | None:
    parts: list[bytes] = []
    while True:
        line_end = buffer.find(b"\r\n", begin)
        if line_end < 0:
            return None
        size = int(bytes(buffer[begin:line_end]).split(b";")[0], 16)
        begin = line_end + 2
        if len(buffer) < begin + size + 2:
            return None
        if size == 0:
            return b"".join(parts)
        parts.append(bytes(buffer[begin : begin + size]))
        begin += size + 2
