"""What can go wrong with a server, said in one line that a person can act on."""

import json
import re

_MISSING_LIBRARY = re.compile(
    r"error while loading shared libraries: ([^\s:]+)"
    r"|Library not loaded: (\S+)"
    r"|UnsatisfiedLinkError: [^\n]*?([\w.+-]+\.so[\w.]*): cannot open shared object"
)
_OLD_LIBRARY = re.compile(r"version `([^']+)' not found \(required by")
_PORT_TAKEN = re.compile(r"Address already in use|could not bind|BindException")


class DevstackError(Exception):
    """The message is one line: what failed, and what to do."""


class StartFailed(DevstackError):
    """A server or a service ended, or was not ready in time."""


class PortInUse(DevstackError):
    """Somebody else listens where a server is to listen."""


def explain(name: str, log: str) -> str | None:
    """The one line that says why `name` could not run, if its output shows a known reason."""
    if missing := _MISSING_LIBRARY.search(log):
        library = next(group for group in missing.groups() if group)
        return f"{name} cannot run: the shared library {library} is missing; install the package that has it"
    if old := _OLD_LIBRARY.search(log):
        return f"{name} cannot run: this system's libraries are too old for it (needs {old.group(1)})"
    if _PORT_TAKEN.search(log):
        return f"{name} cannot listen: its port is in use by another program"
    return None


def last_line(log: str) -> str:
    """The last line of `log` that is not empty; of a line that is a JSON record, its message."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    if not lines:
        return "it wrote nothing"
    try:
        return str(json.loads(lines[-1])["message"])
    except (ValueError, KeyError, TypeError):
        return lines[-1]
