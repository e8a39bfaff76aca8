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
NOT_OURS = frozenset({"SEAWALL_CACHE", "SEAWALL_MAVEN_REPOSITORY", "SEAWALL_PYTHON"})
NOT_OURS_PREFIXES = ("SEAWALL_DEVSTACK", "SEAWALL_TEST_")
FILE = "_file"

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
    files: dict[str, tuple[str, str]] = {}
    lines: list[str] = []
    for variable, value in environment.items():
        name = variable.upper().removeprefix(PREFIX).lower()
        if not variable.upper().startswith(PREFIX):
            continue
        if name in cls.model_fields:
            values[name] = value
        elif name.removesuffix(FILE) in cls.model_fields:
            files[name.removesuffix(FILE)] = (variable, value)
        elif variable.upper() not in NOT_OURS and not variable.upper().startswith(NOT_OURS_PREFIXES):
            lines.append(_unknown(cls, variable))
    for name, (variable, path) in files.items():
        _read_file(variable, path, name, values, lines)
    try:
        settings = cls(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(lines + _faults(error, files)) from error
    if lines:
        raise SettingsError(lines)
    return settings


def _read_file(variable: str, path: str, name: str, values: dict[str, str], lines: list[str]) -> None:
    if name in values:
        lines.append(f"{variable}: {PREFIX}{name.upper()} is set too; set one of them")
        return
    try:
        values[name] = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        lines.append(f"{variable}: the file {path} cannot be read: {error.strerror}")
    except ValueError:
        lines.append(f"{variable}: the file {path} cannot be read: it must be UTF-8 text")


def _unknown(cls: type[ServiceSettings], variable: str) -> str:
    known = sorted(name.upper() for name in cls.model_fields)
    near = difflib.get_close_matches(variable.upper().removeprefix(PREFIX), known, n=1)
    names = ", ".join(PREFIX + name for name in known)
    hint = f"did you mean {PREFIX}{near[0]}?" if near else f"known are {names}"
    return f"{variable}: there is no such setting; {hint}"


def _faults(error: ValidationError, files: Mapping[str, tuple[str, str]]) -> list[str]:
    lines = []
    for fault in error.errors(include_url=False, include_input=False):
        name = str(fault["loc"][0]) if fault["loc"] else ""
        is_missing = fault["type"] == "missing"
        if is_missing and name in files:
            continue  # its file could not be read, which is said already
        variable = files[name][0] if name in files else PREFIX + "_".join(map(str, fault["loc"])).upper()
        reason = "is required" if is_missing else fault["msg"].removeprefix("Value error, ")
        lines.append(f"{variable}: {reason}" if fault["loc"] else reason)
    return lines
