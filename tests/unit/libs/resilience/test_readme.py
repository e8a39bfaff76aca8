"""The README's example runs."""

import contextlib
import io
import re
import sys
from pathlib import Path

import seawall.resilience

README = Path(seawall.resilience.__file__).with_name("README.md")


def test_the_readmes_example_runs() -> None:
    """As it stands there: too slow twice, four bad attempts open the circuit, then a value stands in."""
    [example] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, README.name, "exec"), {"__name__": "example"})
    assert printed.getvalue().splitlines() == [
        "too slow: prices attempt: no answer within 0.05 s",
        "too slow: prices attempt: no answer within 0.05 s",
        "no call was made: CircuitOpen",
        "0",
    ]


def test_breakers_are_imported_by_who_has_one() -> None:
    """Importing the lib imports neither pybreaker nor redis-py."""
    import subprocess

    lines = "import sys, seawall.resilience; print({'pybreaker', 'redis'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", lines],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == "set()"
