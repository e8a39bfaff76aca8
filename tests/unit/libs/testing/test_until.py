import socket

import pytest

from seawall.testing import free_port, until


async def test_returns_the_first_true_value():
    """A check that becomes true ends the wait with its value."""
    values = iter([None, 0, "ready"])
    assert await until(lambda: next(values)) == "ready"


async def test_awaits_a_coroutine_function():
    """The check may be asynchronous."""

    async def check():
        return 7

    assert await until(check) == 7


async def test_tells_the_last_value_when_time_is_up():
    """A check that stays false fails with what it last saw."""
    with pytest.raises(AssertionError, match=r"last value: \[\]"):
        await until(list, timeout_seconds=0.02)


async def test_an_exception_of_the_check_passes_through():
    """A broken check is not mistaken for a slow one."""
    with pytest.raises(ZeroDivisionError):
        await until(lambda: 1 / 0)


def test_a_free_port_can_be_bound():
    """The port that was found can be listened on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port()))
