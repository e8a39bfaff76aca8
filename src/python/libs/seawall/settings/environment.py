"""From the environment to settings, or to one clear line for each thing that is wrong."""

import difflib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from seawall.settings.base import PREFIX, ServiceSettings

# Read by the launcher, the devstack and the tests; inherited by what they start.
NOT_OURS = ("SEAWALL_CACHE", "SEAWALL_TEST_SERVERS", "SEAWALL_PYTHON", "SEAWALL_DEVSTACK", "SEAWALL_MAVEN")
FILE = "_FILE"

T = TypeVar("T", bound=ServiceSettings)


class SettingsError(Exception):
    """Settings that cannot be used: one line per fault, which names the variable and the limit."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def load(cls: type[T], environment: Mapping[str, str] | None = None) -> T:
    """The settings of this process. What is wrong with them goes to stderr, then the process exits with 2."""
    try:
        return read(cls, os.environ if environment is None else environment)
    except SettingsError as error:
        print(*error.lines, sep="\n", file=sys.stderr)  # noqa: T201
        raise SystemExit(2) from None


def read(cls: type[T], environment: Mapping[str, str]) -> T:
    """The settings that an environment holds. Raises SettingsError with all faults at once."""
    values: dict[str, str] = {}
    lines: list[str] = []
    for variable, value in environment.items():
        if not variable.upper().startswith(PREFIX) or variable.upper().startswith(NOT_OURS):
            continue
        name = variable[len(PREFIX) :].lower()
        if name in cls.model_fields:
            values.setdefault(name, value)
        elif name.endswith(FILE.lower()) and name.removesuffix(FILE.lower()) in cls.model_fields:
            _read_file(variable, value, name.removesuffix(FILE.lower()), values, lines)
        else:
            lines.append(_unknown(cls, variable))
    try:
        settings = cls(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(lines + _faults(error)) from error
    if lines:
        raise SettingsError(lines)
    return settings


def _read_file(variable: str, path: str, name: str, values: dict[str, str], lines: list[str]) -> None:
    try:
        values[name] = Path(path).read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        lines.append(f"{variable}: the file {path} cannot be read: {error}")


def _unknown(cls: type[ServiceSettings], variable: str) -> str:
    known = sorted(name.upper() for name in cls.model_fields)
    near = difflib.get_close_matches(variable.upper().removeprefix(PREFIX), known, n=1)
    names = ", ".join(PREFIX + name for name in known)
    hint = f"did you mean {PREFIX}{near[0]}?" if near else f"known are {names}"
    return f"{variable}: there is no such setting; {hint}"


def _faults(error: ValidationError) -> list[str]:
    lines = []
    for fault in error.errors(include_url=False, include_input=False):
        where = "_".join(str(part) for part in fault["loc"]).upper() or "settings"
        reason = "is required" if fault["type"] == "missing" else fault["msg"]
        lines.append(f"{PREFIX}{where}: {reason}" if fault["loc"] else reason)
    return lines
