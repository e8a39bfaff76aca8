import pytest

from tools.devstack.progress import Progress


def test_lines_say_their_time():
    """Each line begins with the seconds since the start."""
    lines: list[str] = []
    times = iter([100.0, 102.44])
    Progress(write=lines.append, clock=lambda: next(times)).say("kafka is ready")
    assert lines == ["   2.4 s  kafka is ready"]


def test_step_says_its_own_time():
    """A step is one line, when it has ended, with its own seconds besides."""
    lines: list[str] = []
    times = iter([0.0, 1.0, 3.5, 3.5])
    with Progress(write=lines.append, clock=lambda: next(times)).step("formatted"):
        assert lines == []
    assert lines == ["   3.5 s  formatted (2.5 s)"]


def test_failed_step_is_silent():
    """A step that fails claims nothing."""
    lines: list[str] = []
    with pytest.raises(OSError, match="disk"), Progress(write=lines.append).step("formatted"):
        raise OSError("disk")
    assert lines == []
