"""The lab, as a test uses it: started as a program, asked by its kubectl."""

import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

# As Pants lays the package of the tool beside the tests.
PACKAGE = Path("src.python.tools.kubelab/bin.pex")
NOT_BUILT = 3
WISHES = {"": ["--only-if-built"], "required": ["--only-if-built"], "build": []}


class Refused(Exception):
    """What kubectl said when it ended with a failure."""


@dataclass(frozen=True)
class Lab:
    """A cluster that is empty but for resource definitions and nodes."""

    kubectl_program: str
    kubeconfig: str

    def kubectl(self, *arguments: str, manifest: str = "", allowed: tuple[int, ...] = (0,)) -> str:
        """What it prints. Errors: Refused."""
        done = subprocess.run(
            [self.kubectl_program, f"--kubeconfig={self.kubeconfig}", *arguments],
            input=manifest,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in allowed:
            raise Refused(done.stderr.strip())
        return done.stdout

    def apply(self, manifest: str) -> None:
        """By the server, which refuses what it does not know."""
        self.kubectl("apply", "--server-side", "--validate=strict", "--filename=-", manifest=manifest)


def kubelab(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The tool, on the lab of a folder."""
    program = shlex.split(os.environ.get("SEAWALL_KUBELAB", str(PACKAGE.absolute())))
    return subprocess.run(
        [*program, "--folder", str(folder), *arguments], capture_output=True, text=True, check=False
    )


@contextmanager
def running_lab(folder: Path, *flags: str) -> Iterator[Lab]:
    """A lab of one's own. Not built, it skips; SEAWALL_LAB is `required` to fail then, `build` to build."""
    wish = os.environ.get("SEAWALL_LAB", "")
    assert wish in WISHES, f"SEAWALL_LAB is {wish!r}; it may be required or build"
    up = kubelab(folder, "up", "--detach", *WISHES[wish], *flags)
    if up.returncode == NOT_BUILT and not wish:
        pytest.skip(up.stderr.strip())
    assert up.returncode == 0, up.stdout + up.stderr
    try:
        lines = kubelab(folder, "env").stdout
        values = dict(line.removeprefix("export ").split("=", 1) for line in lines.splitlines())
        programs = values["PATH"].split(os.pathsep)[0]
        yield Lab(f"{programs}/kubectl", values["KUBECONFIG"])
    finally:
        down = kubelab(folder, "down")
        assert down.returncode == 0, down.stderr
