"""Running in the background: the caller sees the progress until all is ready, then has its prompt back."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

READY = b"ready"


def run_detached(work: Callable[[Callable[[], None]], int], log_file: Path) -> int:
    """Runs `work` in a child of its own session; 0 once it calls `ready`, its exit code if it ends before.

    Until then its output comes here; from then on it goes to the end of `log_file`.
    """
    output, output_end = os.pipe()
    status, status_end = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(output)
        os.close(status)
        _child(work, log_file, output_end, status_end)
    os.close(output_end)
    os.close(status_end)
    try:
        _copy(output)
    except KeyboardInterrupt:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
        _copy(output)
    with os.fdopen(status, "rb") as report:
        if report.read() == READY:
            return 0
    _, code = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(code)


def _child(
    work: Callable[[Callable[[], None]], int], log_file: Path, output_end: int, status_end: int
) -> None:
    code = 1
    try:
        os.setsid()
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(output_end, 1)
        os.dup2(output_end, 2)
        os.close(output_end)
        code = work(lambda: _leave_caller(log_file, status_end))
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _leave_caller(log_file: Path, status_end: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(status_end, READY)
    os.close(status_end)
    with log_file.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)


def _copy(output: int) -> None:
    while data := os.read(output, 65536):
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
