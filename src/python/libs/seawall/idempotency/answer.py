"""An answer that can be kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

REPLAYED = "Idempotency-Replayed"
MAX_BODY_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers of a response; `is_replayed` where a request before this one was given it."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_replayed: bool = False

    def __post_init__(self) -> None:
        if not 200 <= self.status < 500:
            raise ValueError(f"status must be 200..499, not {self.status}: what failed is tried again")
        if len(self.body) > MAX_BODY_BYTES:
            raise ValueError(f"body must be at most {MAX_BODY_BYTES} bytes, not {len(self.body)}")

    @classmethod
    def json(cls, value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> "Answer":
        """With anything that msgspec encodes."""
        return cls(
            status, msgspec.json.encode(value), {"Content-Type": "application/json", **(headers or {})}
        )

    def response(self) -> web.Response:
        """As it goes out; a replay says so in `Idempotency-Replayed`."""
        replayed = {REPLAYED: "true"} if self.is_replayed else {}
        return web.Response(status=self.status, body=self.body or None, headers={**self.headers, **replayed})
