"""A service instance in a container of its image, on the host's network (docs/images.md)."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from tools.devstack.services import PREFIX, Service

REPOSITORY = "seawall"
TAG = re.compile(r"[\w][\w.-]{0,127}")
# The only place where a container may write.
_SCRATCH = "/tmp"  # noqa: S108 - the container's own


def container_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process, for one in a container: no path of this machine is left in it.

    A secret's file becomes its value, and what is written goes to the container's own scratch space.
    """
    settings = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
    for name in [name for name in settings if name.endswith("_FILE")]:
        settings[name.removesuffix("_FILE")] = Path(settings.pop(name)).read_text().strip()
    if f"{PREFIX}XDS_DIR" in settings:
        settings[f"{PREFIX}XDS_DIR"] = f"{_SCRATCH}/xds"
    others = {name: value for name, value in environment.items() if not name.startswith((PREFIX, "PYTHON"))}
    return others | settings


def container_command(
    service: Service, instance: str, port: int, tag: str, environment: Mapping[str, str]
) -> tuple[str, ...]:
    """Runs the image as production does: another user, nothing writable but /tmp; SIGTERM is handed on.

    Values of settings are in the environment of the client, never in its arguments. One that an earlier
    client left behind goes first.
    """
    # Two stacks on a machine have other ports.
    name = f"{REPOSITORY}-{instance}-{port}"
    settings = [f"--env={variable}" for variable in environment if variable.startswith(PREFIX)]
    run = ["docker", "run", "--rm", f"--name={name}", "--network=host", "--read-only", f"--tmpfs={_SCRATCH}"]
    run += ["--cap-drop=ALL", "--security-opt=no-new-privileges", *settings, image(service, tag)]
    clear = f"docker rm --force {shlex.quote(name)} >/dev/null 2>&1"
    return ("/bin/sh", "-c", f"{clear}; exec {shlex.join(run)}")


def image(service: Service, tag: str) -> str:
    """As `./pants --tag='["docker"]' package ::` names it."""
    return f"{REPOSITORY}/{service.name}:{tag}"
