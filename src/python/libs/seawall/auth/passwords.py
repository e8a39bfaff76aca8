"""Password hashing that neither blocks the event loop nor lets a flood of sign-ins fill the memory."""

import asyncio
import base64
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError
from prometheus_client import Counter

R = TypeVar("R")

_SHED = Counter("seawall_password_hashing_shed_total", "Password operations refused because too many waited")
_DIGEST_BYTES = 32
_SALT_BYTES = 16


class Overloaded(Exception):
    """Too many password operations wait already: try again later."""


class PasswordHasher:
    """argon2id (RFC 9106) in `threads` threads; at most `max_waiting` more operations may wait.

    The defaults, 19 MiB, 2 passes and 1 lane, are those that OWASP's Password Storage Cheat Sheet
    names for sign-in: less work than RFC 9106's second recommendation (64 MiB, 3 passes, 4 lanes).
    A stored hash names its own parameters, so raising them does not lock anybody out.
    """

    def __init__(
        self,
        threads: int = 2,
        *,
        max_waiting: int = 64,
        memory_kib: int = 19_456,
        passes: int = 2,
        lanes: int = 1,
    ) -> None:
        self._argon2 = argon2.PasswordHasher(
            time_cost=passes,
            memory_cost=memory_kib,
            parallelism=lanes,
            hash_len=_DIGEST_BYTES,
            salt_len=_SALT_BYTES,
        )
        self._decoy = _decoy(memory_kib, passes, lanes)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._admission = threading.BoundedSemaphore(threads + max_waiting)

    async def hash(self, password: str) -> str:
        """The encoded hash with a new random salt. Errors: Overloaded."""
        return await self._run(lambda: self._argon2.hash(password))

    async def verify(self, encoded_hash: str | None, password: str) -> bool:
        """Whether the password is right. Errors: Overloaded.

        Without a hash (nobody has that name) the answer is False after the same work, so that the
        time to answer does not tell who has an account. A hash that cannot be read is False too.
        """
        matches = await self._run(lambda: self._matches(encoded_hash or self._decoy, password))
        return matches and encoded_hash is not None

    def needs_rehash(self, encoded_hash: str) -> bool:
        """Whether a hash was made with other parameters than those in use now."""
        return self._argon2.check_needs_rehash(encoded_hash)

    def close(self) -> None:
        """Ends the threads after what runs; what waits is cancelled."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _matches(self, encoded_hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(encoded_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], R]) -> R:
        if not self._admission.acquire(blocking=False):
            _SHED.inc()
            raise Overloaded("too many password operations wait")
        future = self._submit(work)
        return await asyncio.wrap_future(future)

    def _submit(self, work: Callable[[], R]) -> Future[R]:
        try:
            future = self._threads.submit(work)
        except RuntimeError:
            self._admission.release()
            raise
        # Also when cancelled: a place is free only once the work neither runs nor waits.
        future.add_done_callback(lambda _: self._admission.release())
        return future


def _decoy(memory_kib: int, passes: int, lanes: int) -> str:
    """A well-formed hash that no known password has: its digest is random."""
    salt, digest = (_unpadded(secrets.token_bytes(size)) for size in (_SALT_BYTES, _DIGEST_BYTES))
    return f"$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${digest}"


def _unpadded(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode()
